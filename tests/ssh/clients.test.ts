/** Programs that nobody here wrote log in, run a command, and are told how it ended. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { skipSshd } from "../servers/openssh/sshd.ts";
import type { SshClient } from "./clients/client.ts";
import { asyncsshClient, goClient, paramikoClient } from "./clients/drivers.ts";
import { dropbearClient } from "./clients/dropbear.ts";
import { opensshClient } from "./clients/openssh.ts";
import { puttyClient } from "./clients/putty.ts";
import { startWorld, type World } from "./world.ts";

const CLIENTS: readonly SshClient[] = [
  opensshClient,
  puttyClient,
  dropbearClient,
  paramikoClient,
  asyncsshClient,
  goClient,
];
const MEGABYTE = 1_024 * 1_024;

describe("real clients", { skip: skipSshd(), timeout: 120_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  const exec = (client: SshClient, name: string, stdin?: Uint8Array, key?: keyof World["keys"]) =>
    client.exec({
      destination: world.destination(key),
      command: `git-upload-pack 'cases/${name}'`,
      ...(stdin === undefined ? {} : { stdin }),
    });

  for (const client of CLIENTS) {
    describe(client.name, { skip: client.skip(), concurrency: 2 }, () => {
      it("gets both outputs and the exit status", async () => {
        const { stdout, stderr, status } = await exec(client, "word-hello");
        assert.equal(stdout.toString(), "out hello\n");
        assert.equal(stderr.toString(), "err hello\n");
        assert.equal(status, 3);
      });

      it("gets what it gave, 4 MiB, byte for byte", async () => {
        const given = world.random.subarray(0, 4 * MEGABYTE);
        const { stdout, status } = await exec(client, "echo", given);
        assert.equal(status, 0);
        assert.equal(digestOf(stdout), digestOf(given));
      });

      it("sees that a command was ended by a signal", async () => {
        const { status, signal } = await exec(client, "signal-TERM");
        assert.equal(signal, client.tellsSignals === "by name" ? "TERM" : undefined);
        if (client.tellsSignals !== "not at all") assert.notEqual(status, 0);
      });

      for (const key of ["rsa", "ecdsa"] as const) {
        it(`logs in with its ${key} key`, async () => {
          assert.equal((await exec(client, "exit-7", undefined, key)).status, 7);
        });
      }

      it("is refused with a key that nobody has", async () => {
        const refused = exec(client, "exit-0", undefined, "stranger").then(
          ({ status, stderr }) => ({ status, said: stderr.toString() }),
          (error: unknown) => ({ status: 255, said: String(error) }),
        );
        const { status, said } = await refused;
        assert.notEqual(status, 0);
        assert.match(
          said,
          /denied|No supported authentication|No auth methods|[Aa]uth\w* failed|unable to authenticate/,
        );
      });
    });
  }
});

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

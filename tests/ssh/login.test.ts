/** What a client meets before its first command: host keys, algorithms, and who may log in. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { knownHostsOf } from "../servers/openssh/keys.ts";
import { skipWithout } from "../servers/openssh/programs.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { type Destination, runProgram } from "./clients/client.ts";
import { RunningProgram } from "./clients/running-program.ts";
import { opensshOptions, runSsh } from "./clients/openssh.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { startWorld, type World } from "./world.ts";

const COMMAND = "git-upload-pack 'cases/exit-7'";
/**
 * What ssh-audit 2.5 complains of and is offered: the curves of NIST, which are a matter of trust,
 * and MACs that Dropbear has no other than, to those who know nothing better; and what is newer
 * than it.
 */
const EXPECTED = [
  ...[/^ecd(sa|h)-sha2-nistp(256|384|521)$/, /^hmac-sha2-(256|512)$/],
  ...[/^kex-strict-s-v00@openssh.com$/, /^mlkem768x25519-sha256$/],
];

describe("logging in", { skip: skipSshd(), concurrency: 2, timeout: 60_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld({ hostKeyTypes: ["ed25519", "ecdsa", "rsa"] });
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  const debugOf = async (more: readonly string[] = []): Promise<string> => {
    const at = world.destination();
    const ran = await runSsh({ destination: at, command: COMMAND }, [
      ...["-o", "LogLevel=DEBUG3"],
      ...more,
    ]);
    assert.equal(ran.exitCode, 7, ran.stderr.toString());
    return ran.stderr.toString();
  };

  for (const type of ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"]) {
    it(`works for a client that knows only the host's ${type} key`, async () => {
      const { host, port, hostKeys } = world.underTest;
      const family = type.replace(/-sha2-512$/, "");
      const only = hostKeys.filter((line) => line.includes(family));

      const at = world.destination();
      writeFileSync(at.knownHosts, knownHostsOf(host, port, only));
      assert.equal((await runSsh({ destination: at, command: COMMAND })).exitCode, 7);
      const asking = ["-o", `HostKeyAlgorithms=${type}`];
      assert.equal((await runSsh({ destination: at, command: COMMAND }, asking)).exitCode, 7);
    });
  }

  it("is given up by a client that knows another key of the host", async () => {
    const at = world.destination();
    const { host, port } = world.underTest;
    writeFileSync(at.knownHosts, knownHostsOf(host, port, [world.keys.stranger.publicLine]));
    const { exitCode, stderr } = await runSsh({ destination: at, command: COMMAND });
    assert.equal(exitCode, 255);
    assert.match(stderr.toString(), /IDENTIFICATION HAS CHANGED|verification failed/);
  });

  it("uses the strict key exchange", async () => {
    assert.match(await debugOf(), /will use strict KEX ordering/);
  });

  it("goes on with a second key when the first is nobody's", async () => {
    // The first -i stands before the destination's own.
    const said = await debugOf(["-i", world.keys.stranger.file]);
    const { fingerprint } = world.keys.stranger;
    assert.match(said, new RegExp(`Offering public key: .*${RegExp.escape(fingerprint)}`));
    assert.match(said, /Server accepts key: .*user_ed25519/);
  });

  it("ends after six keys that are nobody's", async () => {
    const strangers = Array.from({ length: 8 }, (_, index) => world.makeKey(`stranger-${index}`));
    const at = world.destination();
    const more = strangers.flatMap(({ file }) => ["-i", file]);
    const { exitCode, stderr } = await runSsh({ destination: at, command: COMMAND }, more);
    assert.equal(exitCode, 255);
    assert.match(stderr.toString(), /[Tt]oo many|none of 6 keys/);
  });

  it("is by key alone: no password is asked for", async () => {
    const at = world.destination("stranger");
    const more = ["-o", "PreferredAuthentications=password,keyboard-interactive,publickey"];
    const { stderr } = await runSsh({ destination: at, command: COMMAND }, more);
    assert.match(stderr.toString(), /Permission denied \(publickey\)/);
  });

  it("takes no signature with SHA-1", async () => {
    const at = world.destination("rsa");
    const more = ["-o", "PubkeyAcceptedAlgorithms=ssh-rsa"];
    const { exitCode, stderr } = await runSsh({ destination: at, command: COMMAND }, more);
    assert.equal(exitCode, 255);
    assert.match(stderr.toString(), /Permission denied/);
  });

  it("says which signatures it takes", { skip: onlyProxy }, async () => {
    const [, listed = ""] = /server-sig-algs=<(.*?)>/.exec(await debugOf()) ?? [];
    const names = listed.split(",");
    for (const name of ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]) {
      assert.ok(names.includes(name), listed);
    }
    assert.ok(!names.includes("ssh-rsa") && !names.includes("ssh-dss"), listed);
  });

  it("stays while a client asks every second whether it is still there", async () => {
    const at: Destination = world.destination();
    const where = ["-p", String(at.port), `${at.user}@${at.host}`];
    const alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"];
    const command = "git-upload-pack 'cases/waiting-alive'";
    const args = [...alive, ...opensshOptions(at), ...where, command];
    await using client = new RunningProgram("ssh", args);
    await client.untilSays(/waiting/);
    // Three questions; one without an answer would end it.
    await sleep(3_500);
    client.endInput();
    assert.equal(await client.end(), 0);
  });

  describe("as ssh-audit sees it", { skip: skipWithout("ssh-audit") }, () => {
    it("offers nothing weak", { skip: onlyProxy }, async () => {
      const findings = await audit(world, ["-n", "-l", "warn"]);
      const algorithms = findings.split("# algorithm recommendations")[0]!.split("\n");
      const weak = algorithms.filter((line) => /\[(fail|warn)\]/.test(line));
      let name = "";
      const unexpected = weak.filter((line) => {
        name = /^\(\w+\) (\S+)/.exec(line)?.[1] ?? name;
        return !EXPECTED.some((pattern) => pattern.test(name));
      });
      assert.deepEqual(unexpected, []);
    });

    it("says that it keeps the strict key exchange, and does not compress", async () => {
      const seen = JSON.parse(await audit(world, ["-j"])) as {
        readonly kex: readonly { readonly algorithm: string }[];
        readonly compression: readonly string[];
      };
      const names = seen.kex.map(({ algorithm }) => algorithm);
      assert.ok(names.includes("kex-strict-s-v00@openssh.com"), names.join());
      if (onlyProxy !== false) return;
      assert.deepEqual(seen.compression, ["none"]);
      assert.ok(names.includes("mlkem768x25519-sha256"), names.join());
      assert.ok(!names.some((each) => each.startsWith("diffie-hellman")), names.join());
    });
  });
});

async function audit(world: World, options: readonly string[]): Promise<string> {
  const { host, port } = world.underTest;
  const args = [...options, "-p", String(port), host];
  return (await runProgram({ program: "ssh-audit", args })).stdout.toString();
}

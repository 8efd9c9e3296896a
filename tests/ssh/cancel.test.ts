/** A client that has enough, or is gone: the command behind the proxy ends within seconds. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isAlive } from "../servers/openssh/process-tree.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { runProgram } from "./clients/client.ts";
import { opensshOptions, sshCommandLine } from "./clients/openssh.ts";
import { RunningProgram } from "./clients/running-program.ts";
import { until } from "./until.ts";
import { startWorld, type World } from "./world.ts";

const ENDS_WITHIN_MS = 5_000;
const ENOUGH_BYTES = 65 * 1_024 * 1_024;

describe("a command that nobody listens to", { skip: skipSshd(), timeout: 120_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  const endOf = (pid: number): Promise<void> =>
    until("end of the command", () => !isAlive(pid), { withinMs: ENDS_WITHIN_MS });

  const start = (name: string): RunningProgram => {
    const at = world.destination();
    const where = ["-p", String(at.port), `${at.user}@${at.host}`];
    const command = `git-upload-pack 'cases/${name}'`;
    return new RunningProgram("ssh", [...opensshOptions(at), ...where, command]);
  };

  it("ends when the client closes its output after 65 MiB", async () => {
    const at = world.destination();
    const ssh = `${sshCommandLine(at)} -p ${at.port} ${at.user}@${at.host}`;
    // The status of ssh, which is not the last of the pipe, goes to stderr.
    const script = `{ ${ssh} "git-upload-pack 'cases/endless-enough'"; echo "$?" >&2; } |
      head -c ${ENOUGH_BYTES} | wc -c`;
    const { stdout, stderr } = await runProgram({
      program: "sh",
      args: ["-c", script],
      timeoutMs: 30_000,
    });
    assert.equal(Number(stdout.toString()), ENOUGH_BYTES);
    assert.match(stderr.toString(), /255$/m);
    await endOf(await world.pidOf("endless-enough"));
  });

  it("ends when the client is killed while it writes", async () => {
    await using client = start("endless-killed");
    const pid = await world.pidOf("endless-killed");
    await until("output", () => client.stdout.length > 0);
    await client.kill();
    await endOf(pid);
  });

  it("ends when the client is killed while the command waits for it", async () => {
    await using client = start("waiting-killed");
    await client.untilSays(/waiting/);
    const pid = await world.pidOf("waiting-killed");
    await client.kill();
    await endOf(pid);
  });

  it("ends when the client is stopped by Ctrl-C", async () => {
    await using client = start("endless-interrupted");
    const pid = await world.pidOf("endless-interrupted");
    client.interrupt();
    await endOf(pid);
  });
});

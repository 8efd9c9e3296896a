/** Many sessions on one connection, as OpenSSH's ControlMaster and the libraries make them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isAlive } from "../servers/openssh/process-tree.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { type Destination, runProgram } from "./clients/client.ts";
import { asyncsshClient, goClient, paramikoClient } from "./clients/drivers.ts";
import { opensshOptions, runSsh } from "./clients/openssh.ts";
import { RunningProgram } from "./clients/running-program.ts";
import { until } from "./until.ts";
import { startWorld, type World } from "./world.ts";

const SESSIONS_MAX = 10;
const SHORT_SESSIONS = 100;

describe("sessions of one connection", { skip: skipSshd(), timeout: 150_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  it(`are ${SESSIONS_MAX} at a time, and the next is refused alone`, async () => {
    const at = world.destination();
    await using master = await startMaster(at);
    const sessions = Array.from({ length: SESSIONS_MAX }, (_, index) =>
      startSession(at, master.socket, `waiting-${index}`),
    );
    try {
      await Promise.all(sessions.map((session) => session.untilSays(/waiting/)));
      // It would go on with a connection of its own.
      const alone = ["-S", master.socket, "-o", "ProxyCommand=false"];
      const command = "git-upload-pack 'cases/exit-0'";
      const refused = await runSsh({ destination: at, command }, [...alone, "-o", "LogLevel=INFO"]);
      assert.equal(refused.exitCode, 255);
      assert.match(refused.stderr.toString(), /[Ss]ession request failed|open failed/);
      sessions[0]!.endInput();
      assert.equal(await sessions[0]!.end(), 0);
      const next = await runSsh(
        { destination: at, command: "git-upload-pack 'cases/exit-7'" },
        alone,
      );
      assert.equal(next.exitCode, 7);
      for (const session of sessions) session.endInput();
      for (const session of sessions) assert.equal(await session.end(), 0);
    } finally {
      await Promise.all(sessions.map((session) => session.kill()));
    }
  });

  it("carry on while another of them is cancelled", async () => {
    const at = world.destination();
    await using master = await startMaster(at);
    await using cancelled = startSession(at, master.socket, "waiting-cancelled");
    await using other = startSession(at, master.socket, "echo");
    const pid = await world.pidOf("waiting-cancelled");
    await cancelled.kill();
    await until("end of the cancelled command", () => !isAlive(pid), { withinMs: 10_000 });
    other.write("still here\n");
    await other.untilSays(/still here/);
    other.endInput();
    assert.equal(await other.end(), 0);
  });

  it("end with the connection, all of them", async () => {
    const at = world.destination();
    await using master = await startMaster(at);
    const names = ["waiting-a", "waiting-b", "waiting-c"];
    const sessions = names.map((name) => startSession(at, master.socket, name));
    const pids = await Promise.all(names.map((name) => world.pidOf(name)));
    await master.program.kill();
    await until("end of all commands", () => !pids.some(isAlive), { withinMs: 10_000 });
    await Promise.all(sessions.map((session) => session.kill()));
  });

  it("are more than a backend takes on one connection, from several clients", async () => {
    const masters = await Promise.all([1, 2].map(() => startMaster(world.destination())));
    const sessions = masters.flatMap((master, client) =>
      Array.from({ length: SESSIONS_MAX - 2 }, (_, index) =>
        startSession(master.at, master.socket, `waiting-${client}-${index}`),
      ),
    );
    try {
      await Promise.all(sessions.map((session) => session.untilSays(/waiting/)));
      for (const session of sessions) session.endInput();
      for (const session of sessions) assert.equal(await session.end(), 0);
    } finally {
      await Promise.all(sessions.map((session) => session.kill()));
      await Promise.all(masters.map((master) => master[Symbol.asyncDispose]()));
    }
  });

  for (const client of [paramikoClient, asyncsshClient, goClient]) {
    const skip = client.skip();
    it(`follow one another ${SHORT_SESSIONS} times with ${client.name}`, { skip }, async () => {
      const exec = {
        destination: world.destination(),
        command: "git-upload-pack 'cases/word-again'",
      };
      const { stdout, status } = await client.execOften(exec, SHORT_SESSIONS, 2);
      assert.deepEqual([stdout.toString(), status], ["out again\n", 3]);
    });
  }
});

interface Master extends AsyncDisposable {
  readonly at: Destination;
  readonly program: RunningProgram;
  readonly socket: string;
}

/** A connection without a session of its own. */
async function startMaster(at: Destination): Promise<Master> {
  const socket = join(at.home, "control");
  const where = ["-p", String(at.port), `${at.user}@${at.host}`];
  const program = new RunningProgram("ssh", [
    "-M",
    "-N",
    "-S",
    socket,
    ...opensshOptions(at),
    ...where,
  ]);
  const isUp = async (): Promise<boolean> => {
    const check = ["-S", socket, "-O", "check", ...where];
    return (await runProgram({ program: "ssh", args: ["-F", "none", ...check] })).exitCode === 0;
  };
  await until("control socket", isUp, { instead: () => program.stderr });
  return { at, program, socket, [Symbol.asyncDispose]: () => program.kill() };
}

/** One session on it. */
function startSession(at: Destination, socket: string, name: string): RunningProgram {
  const where = ["-p", String(at.port), `${at.user}@${at.host}`, `git-upload-pack 'cases/${name}'`];
  const alone = ["-S", socket, "-o", "ProxyCommand=false"];
  return new RunningProgram("ssh", [...alone, ...opensshOptions(at), ...where]);
}

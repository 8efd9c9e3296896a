/** How a proxy ends that is told to: running sessions finish, nothing new begins, it says so. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAlive } from "../servers/openssh/process-tree.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { startAlone, startControlMaster, startSession } from "./clients/control-master.ts";
import { runSsh } from "./clients/openssh.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { until } from "./until.ts";
import { assertEchoes, untilNobodyListens } from "./upgrade/assert-serving.ts";
import { type LogLine, logLines } from "./upgrade/process-log.ts";
import { startWorld, type World } from "./world.ts";

/** Long enough for a client to connect and run a command on a machine that is busy. */
const DRAIN_DELAY_MS = 6_000;
const DRAIN_MS = 4_000;
const RESTARTING = /server is restarting, please retry/;
/** What OpenSSH's client says of a failure that is not the command's. */
const FAILED = 255;
const skip = onlyProxy === false ? skipSshd() : onlyProxy;

describe("a proxy that is told to drain", { skip, timeout: 120_000 }, () => {
  it("on its ops port: is not ready at once, and serves until balancers know", async () => {
    const options = { proxy: { drainDelayMs: DRAIN_DELAY_MS } };
    await using world = await startWorld({ options });
    const { opsUrl } = world.underTest;
    await using running = startAlone(world.destination(), "echo");
    await assertEchoes(running, "before");
    assert.equal((await fetch(`${opsUrl}/readyz`)).status, 200);
    const reply = await fetch(`${opsUrl}/drain`, { method: "POST" });
    assert.ok(reply.ok, `${reply.status}`);
    assert.equal((await fetch(`${opsUrl}/readyz`)).status, 503);
    assert.equal(await exitSeven(world), 7);
    assert.deepEqual(drainingLines(world), [], "the delay is not over");
    await untilNobodyListens(world.underTest);
    await assertEchoes(running, "after");
    running.endInput();
    assert.equal(await running.end(), 0);
    assert.equal(await world.underTest.program!.ended(), 0);
  });

  it("by SIGTERM: takes no connection and no channel, and ends with the last one", async () => {
    await using world = await startWorld();
    const { opsUrl, pid, program } = world.underTest;
    await using master = await startControlMaster(world.destination());
    await using shared = startSession(master, "echo");
    await using alone = startAlone(world.destination(), "waiting-alone");
    await assertEchoes(shared, "before");
    await alone.untilSays(/waiting/);
    process.kill(pid, "SIGTERM");
    await until("503", async () => (await fetch(`${opsUrl}/readyz`)).status === 503);
    await untilNobodyListens(world.underTest);

    await using refused = startSession(master, "exit-0");
    assert.equal(await refused.end(), FAILED);
    assert.match(`${refused.stderr}${master.program.stderr}`, RESTARTING);

    await until("three lines", () => drainingLines(world).length >= 3);
    // The first may still count who has just been seen to connect.
    for (const line of drainingLines(world).slice(1)) {
      assert.deepEqual([line["connections"], line["sessions"]], [2, 2]);
    }
    await assertEchoes(shared, "after");
    shared.endInput();
    assert.equal(await shared.end(), 0);
    // With its last channel the connection has ended too, and nobody else's.
    await master.program.end();
    await until("one left", () => drainingLines(world).at(-1)!["connections"] === 1);
    assert.ok(isAlive(pid));
    alone.endInput();
    assert.equal(await alone.end(), 0);
    assert.equal(await program!.ended(), 0);
    assert.equal(logLines(world.underTest.logFile, "drained")[0]?.["cut"], 0);
    assertEverySecond(drainingLines(world).map(({ time }) => Number(time)));
  });

  it("ends connections that have no session, and at the deadline all others", async () => {
    await using world = await startWorld({ options: { proxy: { drainMs: DRAIN_MS } } });
    const { pid, program, logFile } = world.underTest;
    await using running = startAlone(world.destination(), "endless-late");
    await using waiting = startAlone(world.destination(), "waiting-late");
    const pids = [await world.pidOf("endless-late"), await world.pidOf("waiting-late")];
    await waiting.untilSays(/waiting/);
    await using master = await startControlMaster(world.destination());
    await using used = startSession(master, "exit-7");
    assert.equal(await used.end(), 7);
    const startedMs = performance.now();
    process.kill(pid, "SIGTERM");
    await master.program.end();
    assert.match(master.program.stderr, RESTARTING);
    assert.ok(running.isRunning && waiting.isRunning);
    for (const client of [running, waiting]) {
      assert.equal(await client.end(), FAILED);
      assert.match(client.stderr, RESTARTING);
    }
    assert.equal(await program!.ended(), 0);
    assert.ok(performance.now() - startedMs >= DRAIN_MS);
    await until("end of the commands", () => !pids.some(isAlive));
    assert.equal(logLines(logFile, "drained")[0]?.["cut"], 2);
    const ends = logLines(logFile, "ssh end").map(({ reason }) => reason);
    assert.deepEqual(ends, ["drain", "drain", "drain"]);
  });

  for (const [signal, exitCode] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const) {
    it(`twice, by ${signal}: ends now`, async () => {
      await using world = await startWorld();
      const { pid, program } = world.underTest;
      await using client = startAlone(world.destination(), "waiting-twice");
      await client.untilSays(/waiting/);
      process.kill(pid, signal);
      await until("drain", () => drainingLines(world).length > 0);
      assert.ok(client.isRunning);
      process.kill(pid, signal);
      assert.equal(await program!.ended(), exitCode);
      assert.equal(await client.end(), FAILED);
    });
  }

  it("by Ctrl-C: lets a session end, and says how that went", async () => {
    await using world = await startWorld();
    const { pid, program, logFile } = world.underTest;
    await using client = startAlone(world.destination(), "echo");
    await assertEchoes(client, "before");
    process.kill(pid, "SIGINT");
    await untilNobodyListens(world.underTest);
    await assertEchoes(client, "after");
    client.endInput();
    assert.equal(await client.end(), 0);
    assert.equal(await program!.ended(), 0);
    assert.equal(logLines(logFile, "signal, draining")[0]?.["signal"], "SIGINT");
  });
});

/** What the proxy says every second while it drains. */
function drainingLines({ underTest }: World): LogLine[] {
  return logLines(underTest.logFile, "draining");
}

function assertEverySecond(timesMs: readonly number[]): void {
  // The first is the beginning; a machine that is busy is late now and then, and never early.
  const [startMs = 0, ...laterMs] = timesMs;
  assert.ok(laterMs.length >= 3, timesMs.join());
  const lastedMs = laterMs.at(-1)! - startMs;
  assert.ok(Math.abs(lastedMs / laterMs.length - 1_000) < 250, timesMs.join());
}

async function exitSeven(world: World): Promise<number | null> {
  const command = "git-upload-pack 'cases/exit-7'";
  return (await runSsh({ destination: world.destination(), command })).exitCode;
}

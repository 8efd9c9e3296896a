/** How a supervised proxy ends, whoever of its processes is told to: running sessions finish. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAlive } from "../servers/openssh/process-tree.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { startAlone } from "./clients/control-master.ts";
import type { RunningProgram } from "./clients/running-program.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { until } from "./until.ts";
import { assertEchoes, untilNobodyListens } from "./upgrade/assert-serving.ts";
import { logLines } from "./upgrade/process-log.ts";
import { goneWorkers, statusOf, upgrade, workerOf } from "./upgrade/supervised.ts";
import { startWorld, type World } from "./world.ts";

const FAILED = 255;
const ORDERLY = "it ended (exit code 0)";
const skip = onlyProxy === false ? skipSshd() : onlyProxy;

describe("a supervised proxy lets its sessions end", { skip, timeout: 120_000 }, () => {
  const starts: Readonly<Record<string, (world: World) => unknown>> = {
    "SIGTERM for the supervisor": ({ underTest }) => process.kill(underTest.pid, "SIGTERM"),
    "Ctrl-C, which each of its processes is told of": (world) => interrupt(world),
    "POST /drain": ({ underTest }) => fetch(`${underTest.opsUrl}/drain`, { method: "POST" }),
  };
  for (const [name, start] of Object.entries(starts)) {
    it(`at ${name}`, async () => {
      await using world = await startWorld({ supervised: true });
      const { underTest } = world;
      // One in an old generation, and one in the current.
      await using old = startAlone(world.destination(), "echo");
      await assertEchoes(old, "old");
      await upgrade(underTest);
      await using current = startAlone(world.destination(), "echo");
      await assertEchoes(current, "current");
      const workers = [...statusOf(underTest).draining, statusOf(underTest).current!];
      assert.equal(workers.length, 2);
      await start(world);
      await untilNobodyListens(underTest);
      for (const client of [old, current]) await assertFinishes(client);
      assert.equal(await underTest.program!.ended(), 0);
      assert.deepEqual(
        goneWorkers(underTest).map(({ how }) => how),
        [ORDERLY, ORDERLY],
      );
      assert.ok(!workers.some(({ pid }) => isAlive(pid)));
    });
  }

  it("when the supervisor is killed: its workers end by themselves", async () => {
    await using world = await startWorld({ supervised: true });
    const { underTest } = world;
    await using client = startAlone(world.destination(), "echo");
    await assertEchoes(client, "before");
    const worker = workerOf(underTest);
    process.kill(underTest.pid, "SIGKILL");
    await untilNobodyListens(underTest);
    await assertFinishes(client);
    await until("end of the worker", () => !isAlive(worker));
    assert.equal(logLines(underTest.logFile, "drained")[0]?.["cut"], 0);
  });
});

describe("a supervised proxy ends now", { skip, timeout: 60_000 }, () => {
  const twice: Readonly<Record<string, (world: World) => unknown>> = {
    143: ({ underTest }) => process.kill(underTest.pid, "SIGTERM"),
    130: (world) => interrupt(world),
  };
  for (const [exitCode, end] of Object.entries(twice)) {
    it(`at the second ${exitCode === "143" ? "SIGTERM" : "Ctrl-C"}`, async () => {
      await using world = await startWorld({ supervised: true });
      const { underTest } = world;
      await using client = startAlone(world.destination(), "waiting-twice");
      await client.untilSays(/waiting/);
      const command = await world.pidOf("waiting-twice");
      const worker = workerOf(underTest);
      end(world);
      await until("drain", () => logLines(underTest.logFile, "draining").length > 0);
      assert.ok(client.isRunning);
      end(world);
      assert.equal(await underTest.program!.ended(), Number(exitCode));
      assert.equal(await client.end(), FAILED);
      assert.ok(!isAlive(worker));
      await until("end of the command", () => !isAlive(command));
    });
  }
});

/** A terminal tells the whole group of processes. */
function interrupt({ underTest }: World): void {
  const { draining, current } = statusOf(underTest);
  const workers = [...draining, ...(current === undefined ? [] : [current])];
  for (const pid of [underTest.pid, ...workers.map((worker) => worker.pid)]) {
    process.kill(pid, "SIGINT");
  }
}

async function assertFinishes(client: RunningProgram): Promise<void> {
  await assertEchoes(client, "after");
  client.endInput();
  assert.equal(await client.end(), 0, client.stderr);
}

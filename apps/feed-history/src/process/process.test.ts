import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createContext } from "holdfast";
import { clock, type RunningService, startService } from "../testing/running-service.ts";

const KILL_ROUNDS = 20;
const ROLLS = 20;
const context = createContext({ clock });
let directory = "";

before(() => {
  directory = mkdtempSync(join(tmpdir(), "feed-history-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

function args(data: string, ...more: string[]): string[] {
  return ["--data", join(directory, data), "--port", "0", "--ops-port", "0", ...more];
}

/** Keeps calls under way until told to stop; says what was answered and what failed. */
function load(service: RunningService, firstUser: number) {
  const client = service.client();
  const acknowledged = new Map<bigint, bigint[]>();
  const failures: string[] = [];
  let calls = 0;
  const state = { stopping: false };
  const worker = async (userId: bigint): Promise<void> => {
    const mine: bigint[] = [];
    acknowledged.set(userId, mine);
    for (let n = 0n; !state.stopping; n++) {
      const items = [1n, 2n, 3n].map((itemId) => ({ itemId, timestampMs: n * 10n + itemId }));
      calls++;
      try {
        await client.calls.setHistory(context, { userId, items });
        mine.push(...items.map(({ timestampMs }) => timestampMs));
      } catch (error) {
        failures.push(String(error));
        if (failures.length > 1_000) return;
        // The next one goes out in another turn: the event loop stays alive.
        await new Promise((resolve) => clock.afterTurn(() => resolve(undefined)));
      }
    }
  };
  const workers = Array.from({ length: 16 }, (_, index) => worker(BigInt(firstUser + index)));
  const stop = async (): Promise<void> => {
    state.stopping = true;
    await Promise.all(workers);
    client.close();
  };
  return { acknowledged, failures, stop, count: () => calls };
}

async function timesOf(service: RunningService, userId: bigint): Promise<Set<bigint>> {
  const client = service.client();
  const times = new Set<bigint>();
  let cursor: Uint8Array | undefined;
  do {
    const query = { userId, fromMs: 0n, toMs: 1n << 60n, limit: 1_000, cursor };
    const page = await client.calls.getHistoryByRange(context, query);
    for (const { timestampMs } of page.items) times.add(timestampMs);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  client.close();
  return times;
}

/** The first of so many ports in a row that nobody has just now. */
async function freePorts(count: number): Promise<number> {
  for (let port = 21_000; port < 30_000; port += count) {
    const taken = await Promise.all(
      Array.from({ length: count }, (_, index) => isTaken(port + index)),
    );
    if (!taken.includes(true)) return port;
  }
  return assert.fail("no free ports");
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}

/** Until `calls` more calls were made. */
async function untilCalls(count: () => number, calls: number): Promise<void> {
  const target = count() + calls;
  while (count() < target)
    await new Promise((resolve) => clock.afterTurn(() => resolve(undefined)));
}

describe("the feed-history process", { timeout: 300_000 }, () => {
  it("answers, shows itself, and ends with 0 on SIGTERM", async () => {
    const service = await startService(args("plain"));
    const client = service.client();
    const items = [{ itemId: 1n, timestampMs: 1n, extra: Buffer.from("hello") }];
    assert.equal((await client.calls.setHistory(context, { userId: 1n, items })).stored, 1);
    client.close();
    const info = (await (await fetch(`${service.ops}/info`)).json()) as { State: string };
    assert.equal(info.State, "ready");
    const metrics = await (await fetch(`${service.ops}/metrics`)).text();
    assert.match(metrics, /holdfast_server_calls_total\{.*method="SetHistory",outcome="ok"\} 1/);
    const exit = await service.end("SIGTERM");
    assert.equal(exit.code, 0, exit.output);
    assert.match(exit.output, /every call was answered/);
  });

  it("drains on POST /drain too", async () => {
    const service = await startService(args("post"));
    const ended = new Promise((resolve) => service.process.once("close", resolve));
    assert.equal((await fetch(`${service.ops}/drain`, { method: "POST" })).status, 202);
    assert.equal(await ended, 0);
  });

  it("says in one line that its port is taken", async (test) => {
    const other = createServer().listen(0, "127.0.0.1");
    test.after(() => other.close());
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const taken = args("taken").with(3, String(port));
    await assert.rejects(startService(taken), (error: Error) => {
      assert.match(error.message, new RegExp(`${port}.*taken`));
      assert.equal(error.message.split("\n").length, 1, error.message);
      return true;
    });
  });

  it("says in one line that another service has the store", async () => {
    const service = await startService(args("owned"));
    await assert.rejects(startService(args("owned")), (error: Error) => {
      assert.match(error.message, /in use by process \d+/);
      assert.equal(error.message.split("\n").length, 1, error.message);
      return true;
    });
    await service.end("SIGTERM");
  });

  it("says in one line that its data is no directory", async () => {
    writeFileSync(join(directory, "file"), "");
    await assert.rejects(startService(args("file")), (error: Error) => {
      assert.equal(error.message.split("\n").length, 1, error.message);
      return true;
    });
  });

  it("loses nothing acknowledged when it is killed, again and again", async () => {
    let expected = new Map<bigint, bigint[]>();
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const service = await startService(args("killed"));
      for (const [userId, times] of expected) {
        const stored = await timesOf(service, userId);
        const lost = times.filter((time) => !stored.has(time));
        assert.deepEqual(lost, [], `round ${round}, user ${userId}`);
      }
      const running = load(service, round * 16 + 1);
      await untilCalls(running.count, 300);
      await service.end("SIGKILL");
      await running.stop();
      expected = running.acknowledged;
      assert.ok([...expected.values()].some((times) => times.length > 0));
    }
  });

  it("fails no call and loses nothing while both workers are replaced", async (test) => {
    const opsPort = String(await freePorts(2));
    const rolled = args("rolled", "--workers", "2").with(5, opsPort);
    const service = await startService(rolled);
    test.after(() => service.process.kill("SIGKILL"));
    const running = load(service, 1);
    for (let roll = 0; roll < ROLLS / 2; roll++) {
      // Each roll replaces both workers, one after the other.
      const allNew = new Promise<void>((resolve) => {
        const onOutput = (chunk: Buffer): void => {
          if (!chunk.toString().includes("all workers are new")) return;
          service.process.stdout!.off("data", onOutput);
          resolve();
        };
        service.process.stdout!.on("data", onOutput);
      });
      service.process.kill("SIGHUP");
      await allNew;
    }
    await running.stop();
    assert.deepEqual(running.failures.slice(0, 3), []);
    assert.ok(running.count() > 1_000, `${running.count()} calls`);
    for (const [userId, acknowledged] of running.acknowledged) {
      // The oldest are dropped from 10,000 on.
      const times = acknowledged.slice(-9_000);
      const stored = await timesOf(service, userId);
      const lost = times.filter((time) => !stored.has(time));
      assert.deepEqual(lost, [], `user ${userId}`);
    }
    const exit = await service.end("SIGTERM");
    assert.equal(exit.code, 0, exit.output);
  });
});

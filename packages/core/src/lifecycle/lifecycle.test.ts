import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "../context/context.ts";
import { ServiceError } from "../error/service-error.ts";
import { MemoryLogger } from "../log/memory-logger.ts";
import { sleep } from "../time/clock.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { Lifecycle, type LifecycleOptions } from "./lifecycle.ts";
import type { LifecyclePart } from "./part.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly log: string[] = [];
  readonly lifecycle: Lifecycle;

  constructor(
    parts: (fixture: Fixture) => LifecyclePart[],
    options: Partial<LifecycleOptions> = {},
  ) {
    const { clock, logger } = this;
    this.lifecycle = new Lifecycle(parts(this), { clock, logger, ...options });
    this.lifecycle.onChange((state) => {
      this.log.push(state.kind === "starting" ? `starting ${state.part}` : state.kind);
    });
  }

  /** A part that writes down what it is told; `change` replaces some of its functions. */
  part(name: string, change: Partial<LifecyclePart> = {}): LifecyclePart {
    const note = (phase: string) => () => {
      this.log.push(`${name}.${phase}`);
    };
    const phases = {
      start: note("start"),
      ready: note("ready"),
      drain: note("drain"),
      stop: note("stop"),
    };
    return { name, ...phases, ...change };
  }
}

/** Never comes back, whatever it is told. */
const hang = (): Promise<never> => new Promise(() => undefined);
/** Comes back when its time is over, and says what it cut off. */
const cutWhenOver =
  (cut: number) =>
  (context: Context): Promise<{ cut: number }> =>
    new Promise((resolve) => context.onCancel(() => resolve({ cut })));

async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ServiceError);
    return error;
  }
  return assert.fail("it was expected to fail");
}

describe("Lifecycle", () => {
  it("starts in order, and drains and stops in reverse", async () => {
    const fixture = new Fixture((within) => [within.part("store"), within.part("server")]);
    assert.equal(fixture.lifecycle.state.kind, "new");
    await fixture.lifecycle.start();
    assert.equal(fixture.lifecycle.state.kind, "ready");
    const report = await fixture.lifecycle.shutdown("SIGTERM");
    assert.deepEqual(fixture.log, [
      "starting store",
      "store.start",
      "starting server",
      "server.start",
      "store.ready",
      "server.ready",
      "ready",
      "draining",
      "server.drain",
      "store.drain",
      "stopping",
      "server.stop",
      "store.stop",
      "stopped",
    ]);
    assert.deepEqual(
      { reason: report.reason, cut: report.cut, orderly: report.orderly },
      { reason: "SIGTERM", cut: 0, orderly: true },
    );
    assert.deepEqual(fixture.lifecycle.state, { kind: "stopped", report });
    assert.equal(fixture.clock.scheduledCount, 0);
  });

  it("waits for each part before it goes on to the next", async () => {
    const fixture = new Fixture((within) => {
      const slowly = (phase: string) => async (): Promise<void> => {
        await sleep(within.clock, 10);
        within.log.push(`store.${phase} done`);
      };
      const store = { start: slowly("start"), stop: slowly("stop") };
      return [within.part("store", store), within.part("server", { stop: slowly("x") })];
    });
    const starting = fixture.lifecycle.start();
    await fixture.clock.advanceAndSettle(20);
    await starting;
    assert.deepEqual(fixture.log.slice(0, 3), [
      "starting store",
      "store.start done",
      "starting server",
    ]);
  });

  it("stops what had started when a part fails to, and names the part", async () => {
    const fixture = new Fixture((within) => [
      within.part("store"),
      within.part("server", {
        start: () => Promise.reject(new ServiceError("unavailable", "port 90 is taken")),
      }),
      within.part("announcement"),
    ]);
    const error = await failure(fixture.lifecycle.start());
    assert.equal(error.code, "unavailable");
    assert.equal(error.message, "server did not start: port 90 is taken");
    assert.deepEqual(fixture.log, [
      "starting store",
      "store.start",
      "starting server",
      "stopping",
      "store.stop",
      "stopped",
    ]);
    const report = await fixture.lifecycle.stopped;
    assert.equal(report.startError, error);
    assert.equal(fixture.clock.scheduledCount, 0);
  });

  it("treats a function that throws like one that rejects", async () => {
    const fixture = new Fixture((within) => [
      within.part("store", {
        ready: () => {
          throw new Error("no disk");
        },
      }),
    ]);
    const error = await failure(fixture.lifecycle.start());
    assert.equal(error.message, "store did not become ready: no disk");
    assert.ok(fixture.log.includes("store.stop"));
  });

  it("gives a start so much time and no more, and stops a part that starts too late", async () => {
    let started: () => void = () => undefined;
    const fixture = new Fixture((within) => [
      within.part("store", {
        limits: { startMs: 100 },
        start: () =>
          new Promise((resolve) => {
            started = resolve;
          }),
      }),
    ]);
    const failed = failure(fixture.lifecycle.start());
    await fixture.clock.advanceAndSettle(400);
    const error = await failed;
    assert.equal(error.code, "deadline-exceeded");
    assert.match(error.message, /^store did not start: /);
    assert.ok(!fixture.log.includes("store.stop"));
    started();
    await fixture.clock.advanceAndSettle(0);
    assert.ok(fixture.log.includes("store.stop"));
  });

  it("reports what a drain cut off when its time was over", async () => {
    const fixture = new Fixture(
      (within) => [
        within.part("store"),
        within.part("server", { drain: cutWhenOver(3), limits: { drainMs: 50 } }),
      ],
      { limits: { drainMs: 1_000 } },
    );
    await fixture.lifecycle.start();
    const ended = fixture.lifecycle.shutdown("SIGTERM");
    await fixture.clock.advanceAndSettle(50);
    const report = await ended;
    assert.equal(report.cut, 3);
    assert.equal(report.orderly, true);
    assert.deepEqual(
      report.parts.map(({ part, phase, durationMs, cut }) => [part, phase, durationMs, cut]),
      [
        ["server", "drain", 50, 3],
        ["store", "drain", 0, 0],
        ["server", "stop", 0, 0],
        ["store", "stop", 0, 0],
      ],
    );
    assert.deepEqual(fixture.logger.lines[0]?.message, "part cut work off");
  });

  it("goes on when a part never comes back from its drain or its stop, and says so", async () => {
    const fixture = new Fixture((within) => [
      within.part("store"),
      within.part("server", { drain: hang, stop: hang, limits: { drainMs: 50, stopMs: 20 } }),
    ]);
    await fixture.lifecycle.start();
    const ended = fixture.lifecycle.shutdown("SIGTERM");
    await fixture.clock.advanceAndSettle(1_000);
    const report = await ended;
    assert.equal(report.orderly, false);
    assert.deepEqual(
      report.parts.map(({ part, phase, error }) => `${part} ${phase} ${error?.code ?? "fine"}`),
      [
        "server drain deadline-exceeded",
        "store drain fine",
        "server stop deadline-exceeded",
        "store stop fine",
      ],
    );
    assert.ok(fixture.log.includes("store.stop"));
  });

  it("drains once and stops once however often it is asked", async () => {
    const fixture = new Fixture((within) => [within.part("store")]);
    await fixture.lifecycle.start();
    const { lifecycle } = fixture;
    const drains = [lifecycle.drain("a"), lifecycle.drain("b")];
    assert.equal(drains[0], drains[1]);
    const reports = await Promise.all([
      lifecycle.shutdown("c"),
      lifecycle.stop("d"),
      lifecycle.shutdown("e"),
      ...drains,
    ]);
    assert.equal(reports[0], reports[1]);
    assert.equal(reports[0].reason, "a");
    await lifecycle.drain("f");
    assert.equal(await lifecycle.stop("g"), reports[0]);
    for (const phase of ["drain", "stop"]) {
      assert.equal(fixture.log.filter((line) => line === `store.${phase}`).length, 1);
    }
  });

  it("stays draining after a drain alone", async () => {
    const fixture = new Fixture((within) => [within.part("store")]);
    await fixture.lifecycle.start();
    await fixture.lifecycle.drain("maintenance");
    assert.deepEqual(fixture.lifecycle.state, { kind: "draining", reason: "maintenance" });
    assert.ok(!fixture.log.includes("store.stop"));
  });

  it("is not ready from the moment of the drain on, before any part hears of it", async () => {
    const fixture = new Fixture((within) => [within.part("server")], { drainDelayMs: 500 });
    await fixture.lifecycle.start();
    const draining = fixture.lifecycle.drain("SIGTERM");
    assert.equal(fixture.lifecycle.state.kind, "draining");
    await fixture.clock.advanceAndSettle(499);
    assert.ok(!fixture.log.includes("server.drain"));
    await fixture.clock.advanceAndSettle(1);
    await draining;
    assert.ok(fixture.log.includes("server.drain"));
  });

  it("cuts a drain that is going on when it is stopped", async () => {
    const fixture = new Fixture((within) => [within.part("server", { drain: cutWhenOver(2) })]);
    await fixture.lifecycle.start();
    void fixture.lifecycle.drain("SIGTERM");
    const report = await fixture.lifecycle.stop("second signal");
    assert.equal(report.cut, 2);
    assert.equal(report.reason, "SIGTERM");
    assert.equal(fixture.clock.nowMs(), 0);
  });

  it("gives up a start when it is drained meanwhile", async () => {
    for (const end of ["drain", "stop", "shutdown"] as const) {
      const fixture = new Fixture((within) => [
        within.part("store"),
        within.part("server", { start: hang }),
      ]);
      const failed = failure(fixture.lifecycle.start());
      await fixture.clock.advanceAndSettle(0);
      const ended = fixture.lifecycle[end]("SIGTERM");
      await fixture.clock.advanceAndSettle(1_000);
      const [error] = await Promise.all([failed, ended]);
      assert.equal(error.code, "draining");
      assert.ok(fixture.log.includes("store.stop"));
      assert.equal(fixture.lifecycle.state.kind, "stopped");
      assert.equal(fixture.clock.scheduledCount, 0);
    }
  });

  it("can be stopped before it was started, and not be started after", async () => {
    const fixture = new Fixture((within) => [within.part("store")]);
    await fixture.lifecycle.drain("early");
    const report = await fixture.lifecycle.stop("early");
    assert.deepEqual(report.parts, []);
    const error = await failure(fixture.lifecycle.start());
    assert.equal(error.code, "invalid");
  });

  it("starts once", async () => {
    const fixture = new Fixture((within) => [within.part("store")]);
    const first = fixture.lifecycle.start();
    assert.equal((await failure(fixture.lifecycle.start())).code, "invalid");
    await first;
  });

  it("survives a listener that throws, and tells nobody an old state", async () => {
    const fixture = new Fixture((within) => [within.part("store")]);
    const heard: string[] = [];
    fixture.lifecycle.onChange((state) => {
      if (state.kind === "ready") void fixture.lifecycle.shutdown("at once");
      throw new Error("broken listener");
    });
    const takeBack = fixture.lifecycle.onChange((state) => heard.push(state.kind));
    await fixture.lifecycle.start();
    await fixture.lifecycle.stopped;
    assert.deepEqual(heard, ["starting", "draining", "stopping", "stopped"]);
    takeBack();
  });

  it("refuses two parts of one name", () => {
    const parts = [{ name: "store" }, { name: "store" }];
    assert.throws(() => new Lifecycle(parts, { clock: new ManualClock() }), /named store/);
  });
});

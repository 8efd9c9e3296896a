import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, SeededRandom } from "@holdfast/core";
import { Breaker, type BreakerTransition, REFUSED, UNJUDGED } from "./breaker.ts";
import type { Judgement } from "./judgement.ts";
import { type CircuitBreakerLiveOptions, completeCircuitBreakerLiveOptions } from "./options.ts";

describe("a breaker", () => {
  it("opens when the share of errors is reached, and not before there are enough calls", () => {
    const { breaker, call } = rig({ errorRatio: 0.5, samplesMin: 10, consecutiveErrors: 0 });
    for (let index = 0; index < 5; index++) call("success");
    for (let index = 0; index < 4; index++) call("failure");
    assert.equal(breaker.stateKind, "closed");
    call("timeout");
    assert.equal(breaker.stateKind, "open");
    assert.equal(breaker.lastTransition?.why, "4 failures and 1 timeouts in 10 calls");
  });

  it("forgets errors after ten seconds", () => {
    const { breaker, clock, call } = rig({ samplesMin: 10, consecutiveErrors: 0 });
    for (let index = 0; index < 9; index++) call("failure");
    clock.advance(10_000);
    call("failure");
    assert.equal(breaker.stateKind, "closed");
    assert.equal(breaker.snapshot().failures, 1);
  });

  it("opens after errors in a row that last long enough, however few calls there are", () => {
    const { breaker, clock, call } = rig({ consecutiveErrors: 3, consecutiveErrorsMs: 1_000 });
    for (let index = 0; index < 2; index++) {
      call("failure");
      clock.advance(20_000);
    }
    assert.equal(breaker.stateKind, "closed");
    call("timeout");
    assert.equal(breaker.stateKind, "open");
    assert.equal(breaker.lastTransition?.why, "3 errors in a row, for 40000 ms");
  });

  it("takes what one event fails in the same moment for one event", () => {
    const { breaker, clock, call } = rig({ errorRatio: 0, consecutiveErrors: 3 });
    for (let index = 0; index < 100; index++) call("failure");
    assert.equal(breaker.stateKind, "closed");
    clock.advance(5_000);
    call("success");
    for (let index = 0; index < 100; index++) call("failure");
    assert.equal(breaker.stateKind, "closed", "a success ends the row");
    clock.advance(4_999);
    call("failure");
    assert.equal(breaker.stateKind, "closed");
    clock.advance(1);
    call("failure");
    assert.equal(breaker.stateKind, "open");
  });

  it("does not open while a busy callee is away for two seconds", () => {
    const { breaker, clock, call } = rig();
    const play = (judgement: Judgement, forMs: number): void => {
      for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs += 10) {
        call(judgement);
        clock.advance(10);
      }
    };
    play("success", 10_000);
    play("failure", 2_000);
    assert.equal(breaker.stateKind, "closed");
    play("success", 10_000);
    play("failure", 4_990);
    assert.equal(breaker.stateKind, "closed");
    call("failure");
    assert.equal(breaker.stateKind, "open");
  });

  it("counts nothing that says nothing", () => {
    const { breaker, call } = rig({ errorRatio: 0, consecutiveErrors: 2, consecutiveErrorsMs: 0 });
    call("failure");
    for (let index = 0; index < 50; index++) call("ignored");
    const { successes, failures, timeouts, consecutiveErrors } = breaker.snapshot();
    assert.deepEqual([successes, failures, timeouts, consecutiveErrors], [0, 1, 0, 1]);
    call("failure");
    assert.equal(breaker.stateKind, "open", "it does not end a row either");
  });

  it("refuses while open, says for how long, and then lets a probe through", () => {
    const { breaker, clock } = opened();
    assert.equal(breaker.tryAcquire(), REFUSED);
    const waitMs = breaker.retryAfterMs();
    assert.ok(waitMs >= 5_000 && waitMs <= 7_500, `${waitMs}`);
    clock.advance(waitMs - 0.5);
    assert.equal(breaker.wouldAcquire(), false);
    assert.equal(breaker.tryAcquire(), REFUSED);
    clock.advance(0.5);
    assert.equal(breaker.retryAfterMs(), 0);
    assert.equal(breaker.wouldAcquire(), true);
    assert.equal(breaker.stateKind, "open", "asking takes nothing");
    assert.notEqual(breaker.tryAcquire(), REFUSED);
    assert.equal(breaker.stateKind, "half-open");
    assert.equal(breaker.refused, 2);
  });

  it("sends probes one by one while half-open, few at once", () => {
    const { breaker, clock } = halfOpen({ probesMax: 2, probeIntervalMs: 200 });
    breaker.tryAcquire();
    assert.equal(breaker.retryAfterMs(), 200);
    clock.advance(199);
    assert.equal(breaker.tryAcquire(), REFUSED);
    clock.advance(1);
    assert.notEqual(breaker.tryAcquire(), REFUSED);
    clock.advance(10_000);
    assert.equal(breaker.tryAcquire(), REFUSED, "two are in flight");
    assert.equal(breaker.snapshot().probes, 2);
    assert.equal(breaker.retryAfterMs(), 1);
  });

  it("closes after successes one after the other, and starts to count anew", () => {
    const { breaker, clock, call } = halfOpen({ successesToClose: 3 });
    for (let index = 0; index < 3; index++) {
      assert.equal(breaker.stateKind === "closed", false);
      call("success");
      clock.advance(200);
    }
    assert.equal(breaker.stateKind, "closed");
    const { successes, failures, timeouts, consecutiveErrors } = breaker.snapshot();
    assert.deepEqual([successes, failures, timeouts, consecutiveErrors], [0, 0, 0, 0]);
    call("failure");
    assert.equal(breaker.stateKind, "closed");
  });

  it("opens again for longer when a probe fails, up to a bound", () => {
    const { breaker, clock, call } = opened();
    const waits: number[] = [];
    for (let index = 0; index < 9; index++) {
      waits.push(breaker.retryAfterMs());
      clock.advance(breaker.retryAfterMs());
      call(index % 2 === 0 ? "failure" : "timeout");
      assert.equal(breaker.stateKind, "open");
    }
    for (const [index, waitMs] of waits.entries()) {
      const leastMs = Math.min(200_000, 5_000 * 2 ** index);
      assert.ok(waitMs >= leastMs && waitMs <= leastMs * 1.5, `${waitMs} as number ${index}`);
    }
    assert.equal(new Set(waits.slice(-3)).size, 3, "random even at the maximum");
  });

  it("remembers how bad it was until it has been well for a window", () => {
    const { breaker, clock, call } = halfOpen();
    call("failure");
    closeByProbes(breaker, clock);
    trip(breaker);
    assert.ok(breaker.retryAfterMs() >= 20_000, "it had hardly closed");
    closeByProbes(breaker, clock);
    clock.advance(10_000);
    trip(breaker);
    assert.ok(breaker.retryAfterMs() <= 7_500);
  });

  it("is not moved by results of calls that were sent before it opened", () => {
    const { breaker, clock } = rig({ samplesMin: 5 });
    const early = Array.from({ length: 10 }, () => breaker.tryAcquire());
    trip(breaker);
    const before = breaker.snapshot();
    breaker.settle(early.pop()!, "success");
    assert.deepEqual(breaker.snapshot(), { ...before, concurrency: 9 });
    clock.advance(breaker.retryAfterMs());
    const probe = breaker.tryAcquire();
    for (let index = 0; index < 3; index++) breaker.settle(early.pop()!, "success");
    assert.equal(breaker.stateKind, "half-open", "old successes do not close it");
    breaker.settle(early.pop()!, "failure");
    assert.equal(breaker.stateKind, "half-open", "nor do old failures open it");
    breaker.settle(probe, "success");
    closeByProbes(breaker, clock);
    for (const permit of early) breaker.settle(permit, "failure");
    assert.equal(breaker.snapshot().failures, 0, "nor are they counted when it has closed");
    assert.equal(breaker.concurrency, 0);
  });

  it("takes a probe that does not come back for a failed one, and its result for nothing", () => {
    const { breaker, clock } = halfOpen({ probeLeaseMs: 1_000 });
    const lost = breaker.tryAcquire();
    clock.advance(1_000);
    assert.equal(breaker.wouldAcquire(), false);
    assert.equal(breaker.stateKind, "open");
    assert.equal(breaker.lastTransition?.why, "a probe did not end within 1000 ms");
    clock.advance(breaker.retryAfterMs());
    const probe = breaker.tryAcquire();
    for (let index = 0; index < 5; index++) breaker.settle(lost, "success");
    assert.equal(breaker.stateKind, "half-open");
    breaker.settle(probe, "success");
    closeByProbes(breaker, clock);
    assert.equal(breaker.stateKind, "closed");
  });

  it("counts the time of a lost probe from when it was due, also when nobody looked", () => {
    const { breaker, clock } = halfOpen({ probeLeaseMs: 1_000 });
    breaker.tryAcquire();
    clock.advance(3_600_000);
    assert.notEqual(breaker.tryAcquire(), REFUSED, "its open time is over as well");
  });

  it("gives a probe's slot back when the result says nothing", () => {
    const { breaker, clock } = halfOpen({ probesMax: 1 });
    breaker.settle(breaker.tryAcquire(), "ignored");
    assert.equal(breaker.stateKind, "half-open");
    clock.advance(200);
    assert.notEqual(breaker.tryAcquire(), REFUSED);
  });

  it("counts the calls at work in every state, also those it did not want", () => {
    const { breaker } = rig({ samplesMin: 2 });
    const first = breaker.tryAcquire();
    trip(breaker);
    assert.equal(breaker.tryAcquire(), REFUSED);
    const unjudged = breaker.passUnjudged();
    assert.equal(unjudged, UNJUDGED);
    assert.equal(breaker.concurrency, 2);
    breaker.settle(unjudged, "success");
    breaker.settle(first, "success");
    assert.equal(breaker.concurrency, 0);
    assert.equal(breaker.stateKind, "open");
  });

  it("takes new options at once, also for the time it is open and for its probes", () => {
    const { breaker, clock } = opened();
    const options = { openMinMs: 50, openMaxMs: 100, probeLeaseMs: 500, probeIntervalMs: 10 };
    breaker.configure(completeCircuitBreakerLiveOptions(options));
    assert.equal(breaker.retryAfterMs(), 100);
    clock.advance(100);
    breaker.tryAcquire();
    assert.equal(breaker.retryAfterMs(), 10);
    clock.advance(500);
    assert.equal(breaker.wouldAcquire(), false);
    assert.equal(breaker.stateKind, "open");
  });

  it("comes back though the clock was put back", () => {
    const clock = new WrongClock();
    clock.wrongByMs = 1e9;
    const breaker = new Breaker({ site: SITE, clock, random: new SeededRandom(1) });
    trip(breaker);
    clock.wrongByMs = 0;
    assert.equal(breaker.retryAfterMs(), 300_000);
    clock.advance(300_000);
    closeByProbes(breaker, clock);
    assert.equal(breaker.stateKind, "closed");
    assert.equal(breaker.snapshot().failures, 0);
  });

  it("closes when it is told to", () => {
    const { breaker } = opened();
    breaker.reset("told to");
    assert.equal(breaker.stateKind, "closed");
    assert.equal(breaker.lastTransition?.why, "told to");
    trip(breaker);
    assert.ok(breaker.retryAfterMs() <= 7_500);
  });

  it("tells of every change of state, with the reason", () => {
    const told: BreakerTransition[] = [];
    const clock = new ManualClock();
    const listener = { onTransition: (_: Breaker, each: BreakerTransition) => told.push(each) };
    const breaker = new Breaker({ site: SITE, clock, random: new SeededRandom(1), listener });
    trip(breaker);
    closeByProbes(breaker, clock);
    assert.deepEqual(
      told.map(({ from, to, why }) => `${from} → ${to}: ${why}`),
      [
        "closed → open: 20 failures and 0 timeouts in 20 calls",
        "open → half-open: the open time is over",
        "half-open → closed: 3 probes succeeded",
      ],
    );
  });

  it("schedules nothing", () => {
    const { breaker, clock } = opened();
    clock.advance(breaker.retryAfterMs());
    breaker.tryAcquire();
    assert.equal(clock.scheduledCount, 0);
  });
});

const SITE = { caller: "feed", callee: "history", method: "get" };

/** One that may be wrong, and be put right. */
class WrongClock extends ManualClock {
  wrongByMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.wrongByMs;
  }
}

interface Rig {
  readonly clock: ManualClock;
  readonly breaker: Breaker;
  readonly call: (judgement: Judgement) => void;
}

function rig(options: Partial<CircuitBreakerLiveOptions> = {}): Rig {
  const clock = new ManualClock();
  const random = new SeededRandom(1);
  const live = completeCircuitBreakerLiveOptions(options);
  const breaker = new Breaker({ site: SITE, clock, random, options: live });
  const call = (judgement: Judgement): void => {
    const permit = breaker.tryAcquire();
    assert.notEqual(permit, REFUSED);
    breaker.settle(permit, judgement);
  };
  return { clock, breaker, call };
}

function opened(options: Partial<CircuitBreakerLiveOptions> = {}): Rig {
  const made = rig(options);
  trip(made.breaker);
  return made;
}

function halfOpen(options: Partial<CircuitBreakerLiveOptions> = {}): Rig {
  const made = opened(options);
  made.clock.advance(made.breaker.retryAfterMs());
  return made;
}

function trip(breaker: Breaker): void {
  for (let index = 0; index < 1_000 && breaker.stateKind === "closed"; index++) {
    breaker.settle(breaker.tryAcquire(), "failure");
  }
  assert.equal(breaker.stateKind, "open");
}

function closeByProbes(breaker: Breaker, clock: ManualClock): void {
  for (let index = 0; index < 10 && breaker.stateKind !== "closed"; index++) {
    clock.advance(breaker.retryAfterMs());
    breaker.settle(breaker.tryAcquire(), "success");
  }
  assert.equal(breaker.stateKind, "closed");
}

/**
 * The breaker against random schedules in virtual time: calls that fail, end late or never, pauses
 * and jumps of the clock while the callee is sick; then a callee that is well. A watcher keeps its
 * own books of every probe and says after each step whether the breaker kept its promises:
 *
 * - while it is not closed, probes are few at once and some time apart, and none comes while it is
 *   open;
 * - it closes only after enough good probes, and opens only after an error of its own period;
 * - what is late changes nothing but the number of calls at work;
 * - once the callee is well and calls keep coming, it closes within a bound, and stays closed.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { after, ManualClock, SeededRandom } from "@holdfast/core";
import fc from "fast-check";
import { Breaker, type BreakerTransition, type Permit, REFUSED } from "./breaker.ts";
import type { Judgement } from "./judgement.ts";
import { type CircuitBreakerLiveOptions, completeCircuitBreakerLiveOptions } from "./options.ts";

it("keeps its promises on every schedule, and closes once the callee is well", () => {
  fc.assert(
    fc.property(SCHEDULE, (schedule) => {
      const run = new ScheduleRun(schedule);
      for (const step of schedule.sick) run.play(step);
      run.recover();
    }),
    { numRuns: 2_000 },
  );
});

interface Call {
  readonly kind: "call";
  /** Undefined: it never ends. */
  readonly endsAfterMs: number | undefined;
  readonly judgement: Judgement;
}

type Step = Call | { readonly kind: "wait"; readonly ms: number };

interface Schedule {
  readonly options: CircuitBreakerLiveOptions;
  readonly seed: number;
  readonly sick: readonly Step[];
  /** How often calls come, and how long each takes, once the callee is well. */
  readonly gapMs: number;
  readonly latencyMs: number;
}

/** Of a well callee; a probe's time is always longer. */
const LATENCY_MAX_MS = 40;
/** Of a call that ends at all. */
const ENDS_MAX_MS = 2_000;

const OPTIONS = fc
  .record({
    errorRatio: fc.constantFrom(0, 0.2, 0.5, 1),
    samplesMin: fc.integer({ min: 1, max: 8 }),
    consecutiveErrors: fc.integer({ min: 1, max: 4 }),
    consecutiveErrorsMs: fc.constantFrom(0, 50),
    openMinMs: fc.integer({ min: 1, max: 100 }),
    openMaxMs: fc.integer({ min: 100, max: 1_000 }),
    probeIntervalMs: fc.constantFrom(0, 1, 20, 200),
    probesMax: fc.integer({ min: 1, max: 3 }),
    probeLeaseMs: fc.integer({ min: LATENCY_MAX_MS + 1, max: 500 }),
    successesToClose: fc.integer({ min: 1, max: 4 }),
  })
  .map((options) => completeCircuitBreakerLiveOptions(options));

const CALL: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("call"),
  endsAfterMs: fc.oneof(
    { weight: 4, arbitrary: fc.nat(LATENCY_MAX_MS) },
    { weight: 2, arbitrary: fc.nat(ENDS_MAX_MS) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  judgement: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Judgement>("failure", "timeout") },
    { weight: 3, arbitrary: fc.constantFrom<Judgement>("success", "ignored") },
  ),
});

const WAIT: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("wait"),
  ms: fc.oneof(
    { weight: 6, arbitrary: fc.nat(50) },
    { weight: 3, arbitrary: fc.nat(1_000) },
    // The machine slept, or the clock was put right.
    { weight: 1, arbitrary: fc.nat(3_600_000) },
  ),
});

const SCHEDULE: fc.Arbitrary<Schedule> = fc.record({
  options: OPTIONS,
  seed: fc.nat(),
  sick: fc.array(fc.oneof({ weight: 3, arbitrary: CALL }, { weight: 2, arbitrary: WAIT }), {
    maxLength: 80,
  }),
  gapMs: fc.integer({ min: 5, max: 300 }),
  latencyMs: fc.nat(LATENCY_MAX_MS),
});

/** The watcher's own note of a call that was sent. */
interface Sent {
  readonly permit: Permit;
  readonly period: number;
  readonly probe: boolean;
  readonly sentMs: number;
  ended: boolean;
}

class ScheduleRun {
  private readonly schedule: Schedule;
  private readonly clock = new ManualClock();
  private readonly breaker: Breaker;
  private atWork = 0;
  private asked = 0;
  /** Changes whenever results of calls sent before must not count any more. */
  private period = 0;
  /** Of this period. */
  private probes: Sent[] = [];
  private goodProbes = 0;
  private errors = 0;
  private openedMs = -Infinity;

  constructor(schedule: Schedule) {
    const { options, seed } = schedule;
    this.schedule = schedule;
    this.breaker = new Breaker({
      site: { caller: "feed", callee: "history", method: "get" },
      clock: this.clock,
      random: new SeededRandom(seed),
      options,
      listener: { onTransition: (_breaker, transition) => this.watch(transition) },
    });
  }

  play(step: Step): void {
    if (step.kind === "wait") this.clock.advance(step.ms);
    else this.call(step);
    assert.equal(this.breaker.concurrency, this.atWork);
  }

  /** The callee is well from here on, and calls keep coming. */
  recover(): void {
    const { options, gapMs, latencyMs } = this.schedule;
    const { probeLeaseMs, openMaxMs, successesToClose, probeIntervalMs } = options;
    this.playWell(ENDS_MAX_MS);
    // What was sent to the sick callee has failed by now, or never will.
    const probeMs = probeIntervalMs + latencyMs + 2 * gapMs;
    this.playWell(probeLeaseMs + openMaxMs + gapMs + successesToClose * probeMs);
    assert.equal(this.breaker.stateKind, "closed");
    const { period } = this;
    this.playWell(1_000);
    assert.equal(this.period, period, "it stays closed");
  }

  private playWell(forMs: number): void {
    const { gapMs, latencyMs } = this.schedule;
    const endMs = this.clock.nowMs() + forMs;
    while (this.clock.nowMs() < endMs) {
      this.play({ kind: "call", endsAfterMs: latencyMs, judgement: "success" });
      this.play({ kind: "wait", ms: gapMs });
    }
  }

  private call({ endsAfterMs, judgement }: Call): void {
    // Not each time: asking also makes it notice what time has brought.
    const wanted = this.asked++ % 2 === 0 ? this.breaker.wouldAcquire() : undefined;
    const permit = this.breaker.tryAcquire();
    if (wanted !== undefined) assert.equal(permit !== REFUSED, wanted, "it does as it says");
    if (permit === REFUSED) return;
    const probe = this.breaker.stateKind !== "closed";
    const { period } = this;
    const sent: Sent = { permit, period, probe, sentMs: this.clock.nowMs(), ended: false };
    if (probe) this.checkProbe(sent);
    this.atWork++;
    if (endsAfterMs !== undefined) after(this.clock, endsAfterMs, () => this.end(sent, judgement));
  }

  private checkProbe(probe: Sent): void {
    const { probesMax, probeIntervalMs } = this.schedule.options;
    const pauseMs = probe.sentMs - (this.probes.at(-1)?.sentMs ?? -Infinity);
    assert.ok(pauseMs >= probeIntervalMs, `${pauseMs} ms after the last probe`);
    const inFlight = this.probes.filter((one) => !one.ended).length;
    assert.ok(inFlight < probesMax, `${inFlight} probes are in flight, and another one is sent`);
    this.probes.push(probe);
  }

  private end(sent: Sent, judgement: Judgement): void {
    const before = this.breaker.snapshot();
    const overdue = this.overdueProbe();
    const counts = sent.period === this.period && overdue === undefined;
    this.atWork--;
    if (counts && judgement === "success" && sent.probe) this.goodProbes++;
    if (counts && (judgement === "failure" || judgement === "timeout")) this.errors++;
    this.breaker.settle(sent.permit, judgement);
    sent.ended = true;
    if (counts) return;
    if (overdue !== undefined) {
      assert.equal(this.breaker.stateKind, "open", "a probe's time was up before");
      return;
    }
    const unmoved = { ...before, concurrency: before.concurrency - 1 };
    assert.deepEqual(this.breaker.snapshot(), unmoved, "what is late changes nothing");
  }

  /** One whose time is up, of a period that the breaker has not ended yet. */
  private overdueProbe(): Sent | undefined {
    const dueMs = this.clock.nowMs() - this.schedule.options.probeLeaseMs;
    return this.probes.find(({ ended, sentMs }) => !ended && sentMs <= dueMs);
  }

  private watch({ from, to, atMs }: BreakerTransition): void {
    const { openMinMs, openMaxMs, successesToClose, probeLeaseMs } = this.schedule.options;
    const nowMs = this.clock.nowMs();
    if (to === "half-open") {
      assert.equal(from, "open");
      assert.ok(nowMs - this.openedMs >= openMinMs, "it stays open for its time");
      return;
    }
    if (to === "open") {
      const overdueMs = (this.overdueProbe()?.sentMs ?? NaN) + probeLeaseMs;
      assert.ok(this.errors > 0 ? atMs === nowMs : atMs === overdueMs, "an error opens it");
      this.openedMs = atMs;
      assert.ok(this.breaker.retryAfterMs() <= openMaxMs);
    } else {
      assert.equal(from, "half-open");
      assert.ok(this.goodProbes >= successesToClose, "enough probes have succeeded");
      assert.equal(this.errors, 0, "and none has failed");
    }
    this.period++;
    this.probes = [];
    this.goodProbes = 0;
    this.errors = 0;
  }
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Context, type Service, ServiceError, stack } from "@holdfast/core";
import fc from "fast-check";
import { deadlineFilter } from "../deadline/filter.ts";
import { HeldService, type Outcome, settled, watch } from "../testing/held-service.ts";
import { ConcurrencyLimit } from "./filter.ts";
import { CONCURRENCY_LIMIT_DEFAULTS, type ConcurrencyLimitOptions } from "./options.ts";

describe("the concurrency limit", () => {
  it("lets as many calls work at once as it is told to", () => {
    const { far, call } = limited({ callsMax: 2, queueMax: 5 });
    for (const name of ["a", "b", "c"]) call(name);
    assert.deepEqual(far.names, ["a", "b"]);
  });

  it("lets those who wait in when work ends, the longest waiting first", async () => {
    const { far, call } = limited({ callsMax: 1, queueMax: 5 });
    for (const name of ["a", "b", "c", "d"]) call(name);
    for (const name of ["a", "b", "c"]) {
      far.held(name).answer("fine");
      // The next one comes in only then.
      // oxlint-disable-next-line no-await-in-loop
      await settled();
    }
    assert.deepEqual(far.names, ["a", "b", "c", "d"]);
  });

  it("refuses what finds neither a slot nor a place, and says that no work began", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 1 });
    const [, , refused] = ["a", "b", "c"].map((name) => call(name));
    await settled();
    assert.ok(refused!.error instanceof ServiceError);
    const { code, workStarted, retryable } = refused!.error;
    assert.deepEqual(
      { code, workStarted, retryable },
      { code: "overloaded", workStarted: "no", retryable: true },
    );
    assert.match(refused!.error.message, /1 calls are at work and 1 wait/);
    assert.deepEqual(far.names, ["a"]);
    assert.equal(limit.snapshot().refused, 1);
  });

  it("refuses at once without a queue", async () => {
    const { call } = limited({ callsMax: 1, queueMax: 0 });
    call("a");
    const refused = call("b");
    await settled();
    assert.equal((refused.error as ServiceError).code, "overloaded");
  });

  it("frees the slot when the work ends, not when the caller has given up", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 1 });
    const first = call("a", far.context(100));
    const second = call("b");
    await far.clock.advanceAndSettle(100);
    assert.equal((first.error as ServiceError).code, "deadline-exceeded");
    assert.deepEqual(far.names, ["a"], "the work of a goes on and holds its slot");
    assert.equal(limit.snapshot().calls, 1);
    far.held("a").answer("late");
    await settled();
    assert.deepEqual(far.names, ["a", "b"]);
    far.held("b").answer("fine");
    await settled();
    assert.equal(second.value, "fine");
    assert.equal(limit.snapshot().calls, 0);
  });

  it("frees the slot of work that fails, by throwing too", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 1 });
    call("a");
    far.held("a").fail(new Error("no luck"));
    await settled();
    const throwing: Service<string, string> = () => {
      throw new Error("thrown");
    };
    await assert.rejects(limit.filter(far.context(), "b", throwing), /thrown/);
    assert.equal(limit.snapshot().calls, 0);
  });

  it("lets nobody slip in between the end of work and the one who waits for it", async () => {
    const { far, call } = limited({ callsMax: 1, queueMax: 2 });
    call("a");
    call("waiting");
    far.held("a").answer("fine");
    // After the work has ended, before the one who waits has gone on.
    await Promise.resolve();
    await Promise.resolve();
    call("slips in");
    await settled();
    assert.deepEqual(far.names, ["a", "waiting"]);
  });

  it("gives up waiting at the deadline", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 1 });
    call("a");
    const waiting = call("b", far.context(50));
    await far.clock.advanceAndSettle(50);
    assert.equal((waiting.error as ServiceError).code, "deadline-exceeded");
    assert.equal(limit.snapshot().queued, 0);
    far.held("a").answer("fine");
    await settled();
    assert.deepEqual(far.names, ["a"], "b never began");
    assert.equal(limit.snapshot().calls, 0);
  });

  it("gives the place of one who gave up to the next", async () => {
    const { far, call } = limited({ callsMax: 1, queueMax: 1 });
    call("a");
    const { context, cancel } = far.context().withCancel();
    const cancelled = call("b", context);
    cancel(new ServiceError("cancelled", "the caller left"));
    await settled();
    assert.equal((cancelled.error as ServiceError).code, "cancelled");
    const next = call("c");
    far.held("a").answer("fine");
    await settled();
    assert.equal(next.settled, "no");
    assert.deepEqual(far.names, ["a", "c"]);
  });

  it("does not queue a call that is over already", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 1 });
    call("a");
    const { context, cancel } = far.context().withCancel();
    cancel(new ServiceError("cancelled", "the caller left"));
    const outcome = watch(limit.filter(context, "b", far.service));
    await settled();
    assert.equal((outcome.error as ServiceError).code, "cancelled");
    assert.equal(limit.snapshot().queued, 0);
  });

  it("shows what it does", () => {
    const { limit, call } = limited({ callsMax: 1, queueMax: 1 });
    for (const name of ["a", "b", "c"]) call(name);
    assert.deepEqual(limit.snapshot(), {
      callsMax: 1,
      queueMax: 1,
      queueStandingMs: 100,
      queuePatienceMs: 5,
      mode: "on",
      calls: 1,
      queued: 1,
      queueStanding: false,
      refused: 1,
      wouldRefuse: 0,
    });
  });

  it("lets everything pass in dark mode, and counts what it would refuse", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 1, mode: "dark" });
    for (const name of ["a", "b", "c", "d"]) call(name);
    assert.deepEqual(far.names, ["a", "b", "c", "d"]);
    const { calls, queued, refused, wouldRefuse } = limit.snapshot();
    assert.deepEqual(
      { calls, queued, refused, wouldRefuse },
      { calls: 4, queued: 0, refused: 0, wouldRefuse: 2 },
    );
    for (const name of far.names) far.held(name).answer("fine");
    await settled();
    assert.equal(limit.snapshot().calls, 0);
  });

  it("lets those who wait in when more may work, or nobody is held back any more", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 5 });
    for (const name of ["a", "b", "c", "d"]) call(name);
    limit.configure({ callsMax: 2 });
    await settled();
    assert.deepEqual(far.names, ["a", "b"]);
    limit.configure({ mode: "off" });
    await settled();
    assert.deepEqual(far.names, ["a", "b", "c", "d"]);
    assert.equal(limit.snapshot().queued, 0);
  });

  it("cuts nobody off when fewer may work, and lets nobody follow them", async () => {
    const { far, limit, call } = limited({ callsMax: 3, queueMax: 5 });
    for (const name of ["a", "b", "c", "waiting"]) call(name);
    limit.configure({ callsMax: 1 });
    far.held("a").answer("fine");
    far.held("b").answer("fine");
    await settled();
    assert.deepEqual(far.names, ["a", "b", "c"]);
    assert.equal(limit.snapshot().calls, 1);
    far.held("c").answer("fine");
    await settled();
    assert.deepEqual(far.names, ["a", "b", "c", "waiting"]);
  });

  it("changes nothing when a change makes no sense", () => {
    const { limit } = limited({ callsMax: 3 });
    assert.throws(() => limit.configure({ callsMax: 0 }), RangeError);
    assert.equal(limit.options.callsMax, 3);
  });

  it("says how long somebody has been waiting", async () => {
    const { far, limit, call } = limited({ callsMax: 1, queueMax: 5 });
    assert.equal(limit.queueAgeMs(), 0);
    call("a");
    call("b");
    far.clock.advance(30);
    assert.equal(limit.queueAgeMs(), 30);
    far.held("a").answer("fine");
    await settled();
    far.clock.advance(5);
    assert.equal(limit.queueAgeMs(), 35, "empty for a moment is not empty");
    far.clock.advance(6);
    assert.equal(limit.queueAgeMs(), 0);
  });

  it("refuses options that make no sense", () => {
    for (const callsMax of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => new ConcurrencyLimit({ callsMax }), RangeError, `callsMax ${callsMax}`);
    }
    for (const queueMax of [-1, 1.5, NaN]) {
      assert.throws(() => new ConcurrencyLimit({ queueMax }), RangeError, `queueMax ${queueMax}`);
    }
    for (const queuePatienceMs of [-1, NaN, Infinity]) {
      assert.throws(() => new ConcurrencyLimit({ queuePatienceMs }), RangeError);
    }
    assert.throws(() => new ConcurrencyLimit({ queueStandingMs: -1 }), RangeError);
    assert.throws(() => new ConcurrencyLimit({ mode: "on and off" as "on" }), RangeError);
  });

  it("keeps its promises whatever happens in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 4 }),
        fc.constantFrom(0, 10, Infinity),
        fc.array(EVENT, { maxLength: 60 }),
        async (callsMax, queueMax, queueStandingMs, events) => {
          const run = new RandomRun({
            ...CONCURRENCY_LIMIT_DEFAULTS,
            callsMax,
            queueMax,
            queueStandingMs,
          });
          // One event after the other is what is tested.
          // oxlint-disable-next-line no-await-in-loop
          for (const event of events) await run.play(event);
          await run.end();
        },
      ),
      { numRuns: 300 },
    );
  });
});

type Event = { readonly kind: "call" | "answer" | "fail" | "cancel" | "time"; readonly at: number };

const EVENT: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom("call", "call", "call", "answer", "fail", "cancel", "time"),
  /** Which of those there are. */
  at: fc.nat(20),
});

interface Made {
  readonly name: string;
  readonly outcome: Outcome<string>;
  readonly cancel: (reason: ServiceError) => void;
  settledAs: string;
  workEnded: boolean;
}

/** Plays events against the filter under a deadline filter, and looks at everything after each. */
class RandomRun {
  private readonly options: ConcurrencyLimitOptions;
  private readonly rig: ReturnType<typeof limited>;
  private readonly made: Made[] = [];

  constructor(options: ConcurrencyLimitOptions) {
    this.options = options;
    this.rig = limited(options);
  }

  async play({ kind, at }: Event): Promise<void> {
    const { far } = this.rig;
    const working = this.made.filter(({ name, workEnded }) => !workEnded && this.hasBegun(name));
    const one = working[at % Math.max(1, working.length)];
    if (kind === "call") this.call();
    else if (kind === "time") far.clock.advance(at * 10);
    else if (kind === "cancel") {
      const any = this.made[at % Math.max(1, this.made.length)];
      any?.cancel(new ServiceError("cancelled", "the caller left"));
    } else if (one !== undefined) {
      one.workEnded = true;
      if (kind === "answer") far.held(one.name).answer("fine");
      else far.held(one.name).fail(new Error("no luck"));
    }
    await settled();
    this.check();
  }

  async end(): Promise<void> {
    for (let left = this.made.length; left >= 0; left--) {
      for (const made of this.made) {
        if (made.workEnded || !this.hasBegun(made.name)) continue;
        made.workEnded = true;
        this.rig.far.held(made.name).answer("the end");
      }
      // Each round lets in who waits.
      // oxlint-disable-next-line no-await-in-loop
      await settled();
    }
    this.check();
    const { calls, queued } = this.rig.limit.snapshot();
    assert.deepEqual({ calls, queued }, { calls: 0, queued: 0 });
    for (const { outcome } of this.made) assert.notEqual(outcome.settled, "no");
    assert.equal(this.rig.far.clock.scheduledCount, 0);
  }

  private call(): void {
    const { context, cancel } = this.rig.far.context(100).withCancel();
    const name = String(this.made.length).padStart(3, "0");
    const outcome = this.rig.call(name, context);
    this.made.push({ name, outcome, cancel, settledAs: "no", workEnded: false });
  }

  private hasBegun(name: string): boolean {
    return this.rig.far.names.includes(name);
  }

  private check(): void {
    const { callsMax, queueMax, queueStandingMs } = this.options;
    const { calls, queued } = this.rig.limit.snapshot();
    const { names } = this.rig.far;
    const working = this.made.filter(({ name, workEnded }) => !workEnded && this.hasBegun(name));
    assert.equal(calls, working.length, "a slot is held for as long as the work goes on");
    assert.ok(calls <= callsMax && queued <= queueMax);
    assert.ok(queued === 0 || calls === callsMax, "nobody waits while there is a slot");
    if (queueStandingMs === Infinity) {
      assert.deepEqual(names, names.toSorted(), "first come, first served");
    }
    for (const made of this.made) {
      if (made.settledAs === "no") made.settledAs = made.outcome.settled;
      assert.equal(made.outcome.settled, made.settledAs);
    }
  }
}

function limited(options: Partial<ConcurrencyLimitOptions>) {
  const far = new HeldService();
  const limit = new ConcurrencyLimit<string, string>(options);
  const service = stack<string, string>(
    [
      { role: "deadline", why: "", filter: deadlineFilter() },
      { role: "concurrency-limit", why: "", filter: limit.filter },
    ],
    far.service,
  );
  const call = (name: string, context: Context = far.context()): Outcome<string> =>
    watch(service(context, name));
  return { far, limit, call };
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Clock, ManualClock, type TimerEntry } from "holdfast";
import { ConnectionTimes } from "./connection-times.ts";
import {
  completeTimeLimits,
  describeExpiry,
  type Expiry,
  TIME_LIMITS_DEFAULTS,
  type TimeLimits,
} from "./time-limits.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

class Watched {
  readonly clock = new ManualClock();
  readonly seen: string[] = [];
  readonly times: ConnectionTimes;
  onKeepalive: () => void = () => undefined;

  constructor(limits: Partial<TimeLimits> = {}, clock?: Clock) {
    this.times = new ConnectionTimes({
      clock: clock ?? this.clock,
      limits: completeTimeLimits(limits),
      onExpire: (expiry) => this.seen.push(`${expiry} at ${this.clock.nowMs()}`),
      sendKeepalive: () => {
        this.seen.push(`asked at ${this.clock.nowMs()}`);
        this.onKeepalive();
      },
    });
  }

  loggedIn(): this {
    this.times.identified();
    this.times.authenticated();
    return this;
  }
}

describe("the clocks of a connection", () => {
  it("give 10 s for the identification", () => {
    const { clock, times, seen } = new Watched();
    clock.advance(10 * SECOND - 1);
    // Bytes that are no identification gain nothing.
    times.received();
    assert.deepEqual(seen, []);
    clock.advance(1);
    assert.deepEqual(seen, ["ident-timeout at 10000"]);
  });

  it("give 30 s for the login, the identification included", () => {
    const { clock, times, seen } = new Watched();
    clock.advance(9 * SECOND);
    times.identified();
    clock.advance(21 * SECOND - 1);
    times.received();
    times.payload();
    assert.deepEqual(seen, []);
    clock.advance(1);
    assert.deepEqual(seen, ["login-timeout at 30000"]);
  });

  it("end a connection that is silent in both directions for 15 min", () => {
    const { clock, times, seen } = new Watched({ keepaliveMs: Infinity }).loggedIn();
    clock.advance(14 * MINUTE);
    times.payload();
    clock.advance(15 * MINUTE - 1);
    assert.deepEqual(seen, []);
    clock.advance(1);
    assert.deepEqual(seen, [`inactive at ${29 * MINUTE}`]);
  });

  it("do not take the answers to keepalives for payload", () => {
    const watched = new Watched().loggedIn();
    watched.onKeepalive = () => watched.times.received();
    watched.clock.advance(20 * MINUTE);
    assert.equal(watched.seen.at(-1), `inactive at ${15 * MINUTE}`);
    assert.equal(watched.seen.length, 15 * 4);
  });

  it("end every connection after 6 h, however busy", () => {
    const watched = new Watched({ keepaliveMs: Infinity });
    watched.clock.advance(5 * SECOND);
    watched.loggedIn();
    for (let minute = 0; minute < 400; minute++) {
      watched.times.payload();
      watched.times.received();
      watched.clock.advance(MINUTE);
    }
    assert.deepEqual(watched.seen, [`total-time at ${6 * HOUR}`]);
  });

  it("find a peer that is gone within a minute, after three askings", () => {
    const { clock, seen } = new Watched().loggedIn();
    clock.advance(HOUR);
    const asked = ["asked at 15000", "asked at 30000", "asked at 45000"];
    assert.deepEqual(seen, [...asked, "keepalive at 60000"]);
  });

  it("ask again from the start after any byte of the peer", () => {
    const { clock, times, seen } = new Watched().loggedIn();
    clock.advance(50 * SECOND);
    times.received();
    seen.length = 0;
    clock.advance(60 * SECOND - 1);
    assert.deepEqual(seen, ["asked at 65000", "asked at 80000", "asked at 95000"]);
    clock.advance(1);
    assert.equal(seen.at(-1), "keepalive at 110000");
  });

  it("do not let payload towards a dead peer keep it alive", () => {
    const { clock, times, seen } = new Watched().loggedIn();
    for (let second = 0; second < 70; second++) {
      times.payload();
      clock.advance(SECOND);
    }
    assert.equal(seen.at(-1), "keepalive at 60000");
  });

  it("ask nothing of a peer that is not read from, and give it all its time afterwards", () => {
    const { clock, times, seen } = new Watched().loggedIn();
    clock.advance(50 * SECOND);
    seen.length = 0;
    times.suspendKeepalive();
    clock.advance(10 * MINUTE);
    assert.deepEqual(seen, []);
    times.resumeKeepalive();
    clock.advance(60 * SECOND - 1);
    assert.equal(seen.length, 3);
    clock.advance(1);
    assert.equal(seen.at(-1), `keepalive at ${11 * MINUTE + 50 * SECOND}`);
  });

  it("go on with the other limits while nothing is read", () => {
    const { clock, times, seen } = new Watched().loggedIn();
    times.suspendKeepalive();
    clock.advance(15 * MINUTE);
    assert.deepEqual(seen, [`inactive at ${15 * MINUTE}`]);
  });

  it("say one thing, once, and leave no timer behind", () => {
    const { clock, times, seen } = new Watched();
    clock.advance(10 * SECOND);
    times.identified();
    times.authenticated();
    times.payload();
    times.resumeKeepalive();
    clock.advance(7 * HOUR);
    assert.equal(seen.length, 1);
    assert.equal(clock.scheduledCount, 0);
  });

  it("stop when the connection ends, also from within a keepalive", () => {
    const watched = new Watched().loggedIn();
    watched.onKeepalive = () => watched.times.close();
    watched.clock.advance(15 * SECOND);
    assert.equal(watched.clock.scheduledCount, 0);
    const other = new Watched().loggedIn();
    other.times.close();
    assert.equal(other.clock.scheduledCount, 0);
    watched.clock.advance(HOUR);
    assert.deepEqual(watched.seen, ["asked at 15000"]);
  });

  it("need one timer, which packets do not touch", () => {
    const clock = new CountingClock();
    const { times } = new Watched({}, clock).loggedIn();
    clock.schedules = 0;
    for (let packet = 0; packet < 60_000; packet++) {
      times.received();
      times.payload();
      clock.inner.advance(1);
    }
    // One look at the end of the time for the identification, then one for each keepalive.
    assert.ok(clock.schedules <= 5, `${clock.schedules}`);
    assert.equal(clock.inner.scheduledCount, 1);
  });

  it("let a process that was stopped read what had come before it blames a peer", () => {
    const clock = new CountingClock();
    const watched = new Watched({}, clock).loggedIn();
    watched.onKeepalive = () => undefined;
    clock.inner.advance(59 * SECOND);
    watched.seen.length = 0;
    clock.skewMs = 20 * SECOND;
    clock.inner.advance(SECOND);
    assert.deepEqual(watched.seen, [], "its answer may lie unread");
    clock.inner.advance(99);
    assert.deepEqual(watched.seen, []);
    clock.skewMs += 20 * SECOND;
    clock.inner.advance(1);
    assert.equal(watched.seen.length, 1, "but that is all the time it gets");
    assert.match(watched.seen[0]!, /^keepalive at/);
  });
});

describe("the clocks of a connection, in any order of events", () => {
  const limits = completeTimeLimits({
    ...{ identMs: 5, loginMs: 12, inactivityMs: 40, totalMs: 150 },
    ...{ keepaliveMs: 7, keepaliveUnansweredMax: 2 },
  });
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
    fc.constantFrom("identified", "authenticated", "onDue", "resumeKeepalive"),
    fc.constantFrom("payload", "received", "suspendKeepalive", "resumeKeepalive"),
  );
  /** Most connections log in: else most runs would end with the first limits. */
  const start = fc.oneof(fc.constant([]), fc.constant(["identified"]), {
    weight: 4,
    arbitrary: fc.constant(["identified", 5, "authenticated"]),
  });
  type Event = number | Exclude<keyof Model, "tick" | "seen">;

  it("fire at the very millisecond that the limits say, and harmlessly at any other", () => {
    fc.assert(
      fc.property(start, fc.array(event, { maxLength: 60, size: "max" }), (first, events) => {
        const watched = new Watched(limits);
        const model = new Model(limits);
        for (const one of [...first, ...events] as Event[]) {
          if (typeof one === "number") {
            for (let ms = 0; ms < one; ms++) {
              watched.clock.advance(1);
              model.tick();
            }
          } else {
            watched.times[one]();
            model[one]();
          }
          assert.deepEqual(watched.seen, model.seen);
          assert.ok(watched.clock.scheduledCount <= 1);
        }
        watched.clock.advance(1_000);
        for (let ms = 0; ms < 1_000; ms++) model.tick();
        assert.deepEqual(watched.seen, model.seen);
        assert.equal(watched.clock.scheduledCount, 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("time limits", () => {
  it("are the promised ones", () => {
    assert.deepEqual(completeTimeLimits({}), TIME_LIMITS_DEFAULTS);
  });

  it("say in words what was used up", () => {
    const text = (expiry: Expiry): string => describeExpiry(expiry, TIME_LIMITS_DEFAULTS);
    assert.equal(text("ident-timeout"), "no SSH identification within 10 seconds");
    assert.equal(text("login-timeout"), "nobody logged in within 30 seconds");
    assert.equal(text("inactive"), "no data in either direction for 15 minutes");
    assert.equal(text("total-time"), "a connection may last 6 hours");
    assert.equal(text("keepalive"), "no sign of life for 1 minute");
  });

  const wrong: readonly [Partial<TimeLimits>, RegExp][] = [
    [{ identMs: 0 }, /identMs is 0; it must be from 1/],
    [{ totalMs: NaN }, /totalMs is NaN/],
    [{ keepaliveMs: -1 }, /keepaliveMs is -1/],
    [{ inactivityMs: 2 ** 41 }, /inactivityMs is 2199023255552/],
    [{ identMs: 31_000 }, /identMs is 31000, above loginMs, which is 30000/],
    [{ totalMs: 20_000 }, /loginMs is 30000, above totalMs, which is 20000/],
    [{ keepaliveUnansweredMax: 0 }, /keepaliveUnansweredMax is 0; it must be a whole number/],
    [{ keepaliveUnansweredMax: 1.5 }, /keepaliveUnansweredMax is 1.5/],
    [{ keepaliveUnansweredMax: 101 }, /at most 100/],
  ];
  for (const [input, complaint] of wrong) {
    it(`are not ${JSON.stringify(input)}`, () => {
      assert.throws(() => completeTimeLimits(input), complaint);
    });
  }
});

/** Looks at every limit in every millisecond. */
class Model {
  readonly seen: string[] = [];
  private readonly limits: TimeLimits;
  private nowMs = 0;
  private phase: "ident" | "login" | "live" | "closed" = "ident";
  private silentMs = 0;
  private inactiveMs = 0;
  private unanswered = 0;
  private suspended = false;

  constructor(limits: TimeLimits) {
    this.limits = limits;
  }

  tick(): void {
    this.nowMs++;
    this.silentMs++;
    this.inactiveMs++;
    this.onDue();
  }

  onDue(): void {
    const { limits, nowMs } = this;
    if (this.phase === "ident" && nowMs >= limits.identMs) this.end("ident-timeout");
    if (this.phase === "login" && nowMs >= limits.loginMs) this.end("login-timeout");
    if (this.phase !== "live") return;
    if (nowMs >= limits.totalMs) return this.end("total-time");
    const silent = !this.suspended && this.silentMs >= limits.keepaliveMs;
    if (silent && this.unanswered === limits.keepaliveUnansweredMax) return this.end("keepalive");
    if (this.inactiveMs >= limits.inactivityMs) return this.end("inactive");
    if (!silent) return;
    this.seen.push(`asked at ${nowMs}`);
    this.unanswered++;
    this.silentMs = 0;
  }

  identified(): void {
    if (this.phase === "ident") this.phase = "login";
  }

  authenticated(): void {
    if (this.phase !== "ident" && this.phase !== "login") return;
    this.phase = "live";
    this.silentMs = 0;
    this.inactiveMs = 0;
  }

  payload(): void {
    this.inactiveMs = 0;
  }

  received(): void {
    this.silentMs = 0;
    this.unanswered = 0;
  }

  suspendKeepalive(): void {
    this.suspended = true;
  }

  resumeKeepalive(): void {
    if (this.suspended) this.received();
    this.suspended = false;
  }

  private end(expiry: Expiry): void {
    this.phase = "closed";
    this.seen.push(`${expiry} at ${this.nowMs}`);
  }
}

/** Counts what is scheduled, and can be late. */
class CountingClock implements Clock {
  readonly inner = new ManualClock();
  schedules = 0;
  skewMs = 0;

  nowMs(): number {
    return this.inner.nowMs() + this.skewMs;
  }

  epochMs(): number {
    return this.inner.epochMs() + this.skewMs;
  }

  schedule(entry: TimerEntry, dueMs: number): void {
    this.schedules++;
    this.inner.schedule(entry, dueMs - this.skewMs);
  }

  unschedule(entry: TimerEntry): void {
    this.inner.unschedule(entry);
  }

  afterTurn(callback: () => void): void {
    this.inner.afterTurn(callback);
  }
}

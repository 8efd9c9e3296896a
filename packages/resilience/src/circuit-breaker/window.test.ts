import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@holdfast/core";
import fc from "fast-check";
import { BUCKET_MS, type Counted, Window, WINDOW_MS } from "./window.ts";

describe("the window of a breaker", () => {
  it("counts what is at most ten seconds old, bucket by bucket", () => {
    const window = new Window();
    window.add(50, "success");
    window.add(150, "failure");
    window.add(9_950, "timeout");
    assert.deepEqual(sums(window), [1, 1, 1]);
    window.advance(10_050);
    assert.deepEqual(sums(window), [0, 1, 1]);
    window.advance(10_150);
    assert.deepEqual(sums(window), [0, 0, 1]);
    window.advance(19_950);
    assert.deepEqual(sums(window), [0, 0, 0]);
  });

  it("counts as a list of all that happened would", () => {
    const event = fc.record({
      // Also back a little, as a time that was read before an await may be.
      afterMs: fc.oneof(fc.integer({ min: -150, max: 300 }), fc.integer({ min: 0, max: 30_000 })),
      counted: fc.constantFrom<Counted>("success", "failure", "timeout"),
      times: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const window = new Window();
        const all: { bucket: number; counted: Counted; times: number }[] = [];
        let [nowMs, newest] = [1_000, 0];
        for (const { afterMs, counted, times } of events) {
          nowMs = Math.max(0, nowMs + afterMs);
          newest = Math.max(newest, Math.floor(nowMs / BUCKET_MS));
          for (let time = 0; time < times; time++) window.add(nowMs, counted);
          all.push({ bucket: newest, counted, times });
          const expected = (["success", "failure", "timeout"] as const).map((kind) => {
            const oldest = newest - WINDOW_MS / BUCKET_MS;
            const counting = all.filter((one) => one.bucket > oldest && one.counted === kind);
            return counting.reduce((sum, one) => sum + one.times, 0);
          });
          assert.deepEqual(sums(window), expected);
        }
      }),
    );
  });

  it("counts any number of calls in one moment", () => {
    const window = new Window();
    for (let call = 0; call < 100_000; call++) window.add(0, "success");
    window.add(100, "failure");
    assert.deepEqual(sums(window), [100_000, 1, 0]);
    window.advance(10_000);
    assert.deepEqual(sums(window), [0, 1, 0]);
  });

  it("reads the clock once in eight times in a rush, and each time otherwise", () => {
    const clock = new CountingClock();
    const window = new Window();
    for (let call = 0; call < 80; call++) {
      window.addSuccess(clock);
      clock.advance(0.1);
    }
    assert.equal(clock.reads, 11, "the second one finds out");
    assert.equal(window.successes, 80);
    clock.reads = 0;
    clock.advance(10_000);
    for (let call = 0; call < 80; call++) {
      clock.advance(5);
      window.addSuccess(clock);
    }
    window.advance(clock.nowMs());
    assert.ok(clock.reads >= 73, `${clock.reads}`);
    assert.ok(window.successes >= 73, `${window.successes}: at most seven belong to the rush`);
    window.clear();
    clock.reads = 0;
    for (let call = 0; call < 80; call++) window.addSuccess(clock);
    assert.equal(clock.reads, 80, "a clock that stands still tells no rush");
  });

  it("starts anew when the clock was put back far", () => {
    const window = new Window();
    window.add(3_600_000, "failure");
    window.add(5_000, "success");
    assert.deepEqual(sums(window), [1, 0, 0]);
    window.advance(15_000);
    assert.deepEqual(sums(window), [0, 0, 0]);
  });
});

class CountingClock extends ManualClock {
  reads = 0;

  override nowMs(): number {
    this.reads++;
    return super.nowMs();
  }
}

function sums({ successes, failures, timeouts }: Window): number[] {
  return [successes, failures, timeouts];
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "holdfast";
import { CrashRow } from "./crash-row.ts";
import { completeSupervisorOptions } from "./options.ts";

const OPTIONS = { restartMinMs: 100, restartMaxMs: 1_000, restartsMax: 6, stableMs: 60_000 };

describe("a row of crashes", () => {
  it("waits twice as long after each, up to the longest, and then gives up", () => {
    const row = new CrashRow(OPTIONS, new SeededRandom(1));
    for (const fullMs of [100, 200, 400, 800, 1_000, 1_000]) {
      const delayMs = row.delayAfter(0)!;
      assert.ok(delayMs >= fullMs / 2 && delayMs <= fullMs, `${delayMs} of ${fullMs}`);
    }
    assert.equal(row.delayAfter(59_999), undefined);
  });

  it("begins anew after a worker that had served long enough", () => {
    const row = new CrashRow(OPTIONS, new SeededRandom(1));
    for (let crash = 0; crash < 6; crash++) row.delayAfter(0);
    assert.ok(row.delayAfter(60_000)! <= 100);
    assert.equal(row.count, 1);
  });
});

describe("the options of a supervisor", () => {
  it("have defaults that fit together", () => {
    assert.equal(completeSupervisorOptions().readyTimeoutMs, 30_000);
  });

  it("are refused out of their range, with the range", () => {
    for (const [options, message] of [
      [{ readyTimeoutMs: 99 }, /readyTimeoutMs is 99; it must be a whole number from 100 to/],
      [{ drainingMax: 1.5 }, /drainingMax is 1\.5/],
      [{ endTimeoutMs: Number.NaN }, /endTimeoutMs is NaN/],
      [{ restartMinMs: 500, restartMaxMs: 400 }, /restartMaxMs is 400, less than .* 500/],
    ] as const) {
      assert.throws(() => completeSupervisorOptions(options), { code: "invalid", message });
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { settleInstancesRun } from "../testing/settle-instances.ts";
import { settleRun } from "../testing/settle-run.ts";

/** Each run is some seconds of a busy world. */
const RUNS = { numRuns: 15 };
const SEED = fc.nat(0x7fff_ffff);

for (const kind of ["mischief", "drains"] as const) {
  describe(`a call to a server that ${kind === "drains" ? "drains" : "misbehaves"}`, () => {
    it("settles once, in its time, with its own reply or an honest error", async () => {
      let succeeded = 0;
      const check = fc.asyncProperty(SEED, async (seed) => {
        succeeded += (await settleRun(seed, kind)).succeeded;
      });
      await fc.assert(check, RUNS);
      assert.ok(succeeded > 0, "not one call in all runs succeeded");
    });

    it("goes the same way again from the same seed", async () => {
      const [first, second] = [await settleRun(4711, kind), await settleRun(4711, kind)];
      assert.deepEqual(first, second);
      assert.ok(first.calls > 50);
    });
  });
}

describe("a call to one of several instances that come and go", () => {
  it("settles once, in its time, with its own reply or an honest error", async () => {
    let succeeded = 0;
    const check = fc.asyncProperty(SEED, async (seed) => {
      succeeded += (await settleInstancesRun(seed)).succeeded;
    });
    await fc.assert(check, RUNS);
    assert.ok(succeeded > 0, "not one call in all runs succeeded");
  });

  it("goes the same way again from the same seed", async () => {
    const [first, second] = [await settleInstancesRun(4711), await settleInstancesRun(4711)];
    assert.deepEqual(first, second);
    assert.ok(first.calls > 50);
  });
});

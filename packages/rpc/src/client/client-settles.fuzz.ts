/** A long search for a seed at which a call does not settle as it should. */
import { describe, it } from "node:test";
import fc from "fast-check";
import { settleInstancesRun } from "../testing/settle-instances.ts";
import { settleRun } from "../testing/settle-run.ts";

for (const kind of ["mischief", "drains"] as const) {
  describe(`a call, ${kind}`, () => {
    it("settles once, in its time, with its own reply or an honest error", async () => {
      const check = fc.asyncProperty(fc.nat(0x7fff_ffff), async (seed) => {
        await settleRun(seed, kind);
      });
      await fc.assert(check, { numRuns: 2_000 });
    });
  });
}

describe("a call, several instances", () => {
  it("settles once, in its time, with its own reply or an honest error", async () => {
    const check = fc.asyncProperty(fc.nat(0x7fff_ffff), async (seed) => {
      await settleInstancesRun(seed);
    });
    await fc.assert(check, { numRuns: 2_000 });
  });
});

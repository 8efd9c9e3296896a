/** Long searches for an order of calls in which the engine differs from a sorted array. */
import { describe, it } from "node:test";
import { checkAgainstModel } from "../history-store.contract.ts";
import { lmdbUnderTest, smallPages } from "../testing/open-lmdb.ts";

describe("any order of calls does what a sorted array would do", () => {
  it("with pages that split all the time", () =>
    checkAgainstModel(lmdbUnderTest(smallPages), { numRuns: 1000 }));

  it("with a journal that is never folded", () =>
    checkAgainstModel(lmdbUnderTest({}), { numRuns: 300 }));
});

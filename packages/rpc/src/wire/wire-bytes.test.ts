import { describe, it } from "node:test";
import fc from "fast-check";
import { checkFrameReader, checkTtHeader, CUTS, HARDLY_FRAMES } from "../testing/wire-fuzz.ts";

const RUNS = { numRuns: 1_000 };

describe("any bytes", () => {
  for (const framing of [undefined, "ttheader", "framed", "buffered"] as const) {
    it(`are frames or a clear error, ${framing ?? "sniffed"}`, () => {
      fc.assert(
        fc.property(HARDLY_FRAMES, CUTS, (stream, cuts) => checkFrameReader(stream, cuts, framing)),
        RUNS,
      );
    });
  }

  it("are a TTHeader or a clear error", () => {
    fc.assert(fc.property(HARDLY_FRAMES, checkTtHeader), RUNS);
  });
});

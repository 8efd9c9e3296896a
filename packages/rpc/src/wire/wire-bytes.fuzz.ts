/** Long searches for bytes that frames and headers are not read from in good order. */
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkFramesInAreFramesOut, FRAME_CASE } from "../testing/frame-property.ts";
import { checkFrameReader, checkTtHeader, CUTS, HARDLY_FRAMES } from "../testing/wire-fuzz.ts";
import { WIRE_FORMS } from "../testing/wire-form.ts";

const RUNS = { numRuns: 200_000 };

describe("any bytes", () => {
  for (const framing of [undefined, "ttheader", "framed", "buffered"] as const) {
    it(`are frames or an error, ${framing ?? "sniffed"}`, () => {
      fc.assert(
        fc.property(HARDLY_FRAMES, CUTS, (stream, cuts) => checkFrameReader(stream, cuts, framing)),
        RUNS,
      );
    });
  }

  it("are a TTHeader or an error", () => {
    fc.assert(fc.property(HARDLY_FRAMES, checkTtHeader), RUNS);
  });
});

describe("any frames", () => {
  for (const form of WIRE_FORMS) {
    it(`come out as they went in: ${form.name}`, () => {
      fc.assert(
        fc.property(FRAME_CASE, (each) => checkFramesInAreFramesOut(form, each)),
        {
          numRuns: 20_000,
        },
      );
    });
  }
});

import { describe, it } from "node:test";
import fc from "fast-check";
import { checkClient } from "../testing/client-fuzz.ts";
import { CUTS, HARDLY_FRAMES } from "../testing/wire-fuzz.ts";

describe("a client that is sent any bytes", () => {
  for (const form of ["ttheader binary", "framed compact", "buffered binary"]) {
    it(`settles its calls, and goes on over another connection: ${form}`, () =>
      fc.assert(
        fc.asyncProperty(HARDLY_FRAMES, CUTS, (stream, cuts) => checkClient(form, stream, cuts)),
        { numRuns: 60 },
      ));
  }
});

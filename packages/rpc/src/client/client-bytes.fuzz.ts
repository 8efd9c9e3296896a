/** A long search for bytes that do more to a client than end their connection. */
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkClient } from "../testing/client-fuzz.ts";
import { CUTS, HARDLY_FRAMES } from "../testing/wire-fuzz.ts";
import { WIRE_FORMS } from "../testing/wire-form.ts";

describe("a client that is sent any bytes", () => {
  for (const { name } of WIRE_FORMS) {
    it(`settles its calls, and goes on over another connection: ${name}`, () =>
      fc.assert(
        fc.asyncProperty(HARDLY_FRAMES, CUTS, (stream, cuts) => checkClient(name, stream, cuts)),
        { numRuns: 3_000 },
      ));
  }
});

/** A long search for bytes that do more to a server than end their connection. */
import { describe, it } from "node:test";
import fc from "fast-check";
import { createWorld } from "@holdfast/sim";
import { checkServer } from "../testing/server-fuzz.ts";
import { CUTS, HARDLY_FRAMES } from "../testing/wire-fuzz.ts";

describe("a server that is sent any bytes", () => {
  it("answers or closes that connection, and serves the others", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), HARDLY_FRAMES, CUTS, (seed, stream, cuts) =>
        checkServer(createWorld(seed), stream, cuts),
      ),
      { numRuns: 10_000 },
    ));
});

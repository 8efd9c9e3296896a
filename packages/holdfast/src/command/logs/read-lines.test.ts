import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readLines } from "./read-lines.ts";

describe("lines of a stream", () => {
  it("are the same however it is cut into pieces", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "ä") });
    await fc.assert(
      fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 5 }), async (pieces, max) => {
        const lines: string[] = [];
        const source = (async function* () {
          for (const piece of pieces) yield Buffer.from(piece);
        })();
        await readLines(source, max, (line) => lines.push(line.toString("latin1")));
        const whole = Buffer.from(pieces.join("")).toString("latin1");
        const expected = whole.split("\n").map((line) => line.slice(0, max));
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(lines, expected);
      }),
    );
  });
});

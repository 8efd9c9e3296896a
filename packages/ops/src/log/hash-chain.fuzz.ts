/** Long searches for a changed chain that is taken for a whole one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChainVerifier } from "./chain-verifier.ts";
import { CHAIN_START, chainLine, type ChainEnd, readChainedLine } from "./hash-chain.ts";

const RUNS = { numRuns: 50_000 };
const LINE_END = 0x0a;
const WHOLE = chainOf(6);

describe("a hash chain", () => {
  it("takes no bytes for a line of its own", () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string().map(Buffer.from));
    fc.assert(
      fc.property(bytes, (line) => readChainedLine(line) === undefined),
      RUNS,
    );
  });

  it("that was changed somewhere is never whole", () => {
    const edit = fc.record({
      at: fc.nat(WHOLE.length - 1),
      taken: fc.nat(400),
      put: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(5).map(lineOf)),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let changed = WHOLE;
        for (const { at, taken, put } of edits) {
          const rest = changed.subarray(Math.min(changed.length, at + taken));
          changed = Buffer.concat([changed.subarray(0, at), put, rest]);
        }
        const verifier = verify(changed);
        const whole = verifier.problem === undefined && verifier.brokenLineNumber === undefined;
        // What is whole is the beginning of what was written: more than that no chain can tell.
        if (whole) assert.ok(WHOLE.subarray(0, changed.length).equals(changed));
      }),
      RUNS,
    );
  });
});

function chainOf(count: number): Buffer {
  let end: ChainEnd = CHAIN_START;
  const lines = Array.from({ length: count }, (_, index) => {
    const next = chainLine(end, { event: "exec", text: `value ${index}` });
    end = next.end;
    return next.line;
  });
  return Buffer.from(lines.join(""));
}

function lineOf(index: number): Buffer {
  return Buffer.from(`${WHOLE.toString().split("\n")[index]!}\n`);
}

function verify(bytes: Buffer): ChainVerifier {
  const verifier = new ChainVerifier();
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_END, start);
    verifier.take(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return verifier;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChainVerifier } from "./chain-verifier.ts";
import {
  CHAIN_RECOVERED,
  CHAIN_START,
  chainLine,
  CHAINED_LINE_MAX_BYTES,
  type ChainEnd,
  describeBroken,
  readChainedLine,
} from "./hash-chain.ts";

describe("a hash chain", () => {
  it("is right as it was written", () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(NAME, fc.jsonValue())), (entries) => {
        const lines = chain(entries);
        const verifier = verify(lines);
        assert.equal(verifier.problem, undefined);
        assert.equal(verifier.brokenLineNumber, undefined);
        assert.equal(verifier.end.seq, entries.length);
      }),
    );
  });

  it("names the first line of which one byte was changed", () => {
    const lines = chain([{ a: 1 }, { b: "text" }, { c: true }, { d: null }]);
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }), (index, at, change) => {
        const changed = lines.map((line) => Buffer.from(line));
        changed[index]![at % changed[index]!.length]! ^= change;
        const { problem, brokenLineNumber } = verify(changed);
        // The last line may be one that was not written to its end.
        if (index === 3) assert.equal(brokenLineNumber, 4);
        else assert.equal(problem?.lineNumber, index + 1);
      }),
    );
  });

  it("shows lines that were taken out, put in, doubled or brought into another order", () => {
    const [one, two, three] = chain([{ a: 1 }, { a: 2 }, { a: 3 }]) as [Buffer, Buffer, Buffer];
    for (const [lines, lineNumber] of [
      [[two, three], 1],
      [[one, three], 2],
      [[one, one, two], 2],
      [[one, three, two], 2],
      [[one, two, ...chain([{ a: 3 }])], 3],
    ] as const) {
      const { problem } = verify(lines);
      assert.equal(problem?.lineNumber, lineNumber);
      assert.match(problem.why, /does not follow line \d of the chain/);
    }
  });

  it("allows broken lines only when the next one vouches for exactly those", () => {
    const first = chainLine(CHAIN_START, { a: 1 });
    const fragment = Buffer.from('{"seq":2,"prev\nand more');
    const recovered = { event: CHAIN_RECOVERED, ...describeBroken(fragment) };
    const second = chainLine(first.end, recovered).line;
    const [piece, more] = fragment.toString().split("\n") as [string, string];
    const good = verify([first.line, piece, more, second].map(trimmed));
    assert.deepEqual([good.problem, good.brokenLineNumber], [undefined, undefined]);
    assert.equal(good.recoveredCount, 1);
    const silent = chainLine(first.end, {}).line;
    for (const lines of [
      [piece, "other", second],
      [piece, second],
      [piece, more, silent],
    ]) {
      const { problem } = verify([first.line, ...lines].map(trimmed));
      assert.deepEqual(problem, { lineNumber: 2, why: "it is not as it was written" });
    }
  });

  it("goes no further than the first problem", () => {
    const lines = chain([{ a: 1 }, { a: 2 }]);
    const verifier = verify([lines[1]!, lines[0]!]);
    assert.equal(verifier.problem?.lineNumber, 1);
    assert.equal(verifier.end.seq, 0);
  });

  it("reads only lines of its own", () => {
    const [line] = chain([{ a: 1 }]);
    assert.deepEqual(readChainedLine(line!)?.fields, { a: 1 });
    fc.assert(fc.property(fc.uint8Array(), (bytes) => readChainedLine(bytes) === undefined));
    const text = line!.toString();
    for (const bad of ["", "{}", "[]", text.slice(1), `${text} `, text.replace('"seq":1', "1")]) {
      assert.equal(readChainedLine(Buffer.from(bad)), undefined, bad);
    }
    const long = chainLine(CHAIN_START, { a: "x".repeat(CHAINED_LINE_MAX_BYTES) }).line;
    assert.equal(readChainedLine(trimmed(long)), undefined);
  });
});

const NAME = fc.string().filter((name) => !["seq", "previous", "hash", "__proto__"].includes(name));

function chain(entries: readonly Record<string, unknown>[]): Buffer[] {
  let end: ChainEnd = CHAIN_START;
  return entries.map((fields) => {
    const next = chainLine(end, fields);
    end = next.end;
    return trimmed(next.line);
  });
}

function trimmed(line: string | Buffer): Buffer {
  return Buffer.from(String(line).replace(/\n$/, ""));
}

function verify(lines: readonly Uint8Array[]): ChainVerifier {
  const verifier = new ChainVerifier();
  for (const line of lines) verifier.take(line);
  return verifier;
}

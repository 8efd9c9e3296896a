import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fingerprint, Trace } from "./trace.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("Trace", () => {
  it("tells two runs apart by any line, its time and its place", () => {
    const digestOf = (play: (trace: Trace, clock: VirtualClock) => void): string => {
      const clock = new VirtualClock();
      const trace = new Trace(clock);
      play(trace, clock);
      return trace.digest();
    };
    const digests = [
      digestOf(() => {}),
      digestOf((trace) => trace.add("a")),
      digestOf((trace) => (trace.add("a"), trace.add("b"))),
      digestOf((trace) => (trace.add("b"), trace.add("a"))),
      digestOf((trace) => trace.add("ab")),
      digestOf((trace, clock) => (clock.advance(1), trace.add("a"))),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });

  it("keeps the last lines and counts all of them", () => {
    const trace = new Trace(new VirtualClock());
    for (let line = 0; line < 50_000; line++) trace.add(String(line));
    assert.equal(trace.length, 50_000);
    const lines = trace.lines();
    assert.equal(lines.length, 20_000);
    assert.deepEqual([lines[0], lines.at(-1)], ["0 30000", "0 49999"]);
  });
});

describe("fingerprint", () => {
  it("is FNV-1a of 32 bits", () => {
    assert.equal(fingerprint(Buffer.from("")), 0x811c9dc5);
    assert.equal(fingerprint(Buffer.from("a")), 0xe40c292c);
    assert.equal(fingerprint(Buffer.from("foobar")), 0xbf9cf968);
  });
});

/** What breakers cost that have nothing to do: no timers, and less than 1 KB each. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";

const COUNT = 10_000;
const BYTES_MAX = 1_024;

/** In a process of its own, where nothing else comes and goes. */
const PROGRAM = `
import { ManualClock, SeededRandom } from "@holdfast/core";
import { CircuitBreaker } from "@holdfast/resilience";

const clock = new ManualClock();
const random = new SeededRandom(1);
const keys = Array.from({ length: ${COUNT} }, (_, index) => ({
  caller: "feed", callee: "history", method: "method " + index,
}));
const size = () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const traits = { keyOf: () => keys[0], isIdempotent: () => false };
const circuitBreaker = new CircuitBreaker({ clock, random, traits });
const before = size();
for (const key of keys) {
  const breaker = circuitBreaker.breakerOf(key);
  for (let call = 0; call < CALLS; call++) {
    breaker.settle(breaker.tryAcquire(), call % 3 === 0 ? "failure" : "success");
  }
}
const bytes = (size() - before) / ${COUNT};
const rows = circuitBreaker.table.rows().length;
console.log(JSON.stringify({ bytes, timers: clock.scheduledCount, rows }));
`;

for (const [calls, name] of [
  [0, "that have never been used"],
  [60, "that have been used"],
] as const) {
  it(`keeps 10,000 breakers ${name} without a timer, in less than 1 KB each`, async () => {
    const program = PROGRAM.replace("CALLS", String(calls));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--expose-gc", "--input-type=module", "-e", program],
      { cwd: import.meta.dirname, timeout: 60_000 },
    );
    const { bytes, timers, rows } = JSON.parse(stdout) as Record<string, number>;
    assert.equal(rows, COUNT);
    assert.equal(timers, 0);
    assert.ok(bytes! > 100 && bytes! < BYTES_MAX, `${bytes} bytes each`);
  });
}

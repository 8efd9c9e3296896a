/** What breakers cost that have nothing to do: no timers, and less than 1 KB each. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";

const COUNT = 10_000;
const BYTES_MAX = 1_024;

/** In a process of its own, where nothing else comes and goes. `USED`: each has had calls. */
const PROGRAM = `
import { ManualClock, SeededRandom } from "@holdfast/core";
import { BreakerTable, completeCircuitBreakerLiveOptions } from "@holdfast/resilience";

const clock = new ManualClock();
const keys = Array.from({ length: ${COUNT} }, (_, index) => ({
  caller: "feed", callee: "history", method: "method " + index,
}));
const options = completeCircuitBreakerLiveOptions();
const size = () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const table = new BreakerTable({ clock, random: new SeededRandom(1), rowsMax: ${COUNT} });
const before = size();
const breakers = keys.map((key) => table.create(key, options));
if (USED) {
  for (const breaker of breakers) {
    for (let call = 0; call < 30; call++) breaker.settle(breaker.tryAcquire(), "success");
  }
}
const bytes = (size() - before) / ${COUNT};
console.log(JSON.stringify({ bytes, timers: clock.scheduledCount, rows: table.rows().length }));
`;

for (const [used, name] of [
  [false, "that have never been used"],
  [true, "that have been used"],
] as const) {
  it(`keeps 10,000 breakers ${name} without a timer, in less than 1 KB each`, async () => {
    const program = PROGRAM.replace("USED", String(used));
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

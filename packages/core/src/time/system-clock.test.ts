import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { after } from "./clock.ts";
import { keepProcessAlive } from "./keep-alive.ts";
import { SystemClock } from "./system-clock.ts";

const run = promisify(execFile);

/** Runs a program that has `SystemClock` and friends; it is killed when it does not end. */
async function runProgram(program: string): Promise<string> {
  const files = ["clock", "keep-alive", "system-clock"].map((name) =>
    JSON.stringify(import.meta.resolve(`./${name}.ts`)),
  );
  const imports = files.map((file) => `import * as part${files.indexOf(file)} from ${file};`);
  const text = `${imports.join("")}
    const { after, keepProcessAlive, SystemClock } = { ...part0, ...part1, ...part2 };
    ${program}`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", text], {
    timeout: 20_000,
  });
  return stdout;
}

describe("SystemClock", () => {
  it("calls what is due, in order and never early, and has nothing left then", async () => {
    const release = keepProcessAlive();
    const clock = new SystemClock();
    const startMs = clock.nowMs();
    const seen: { delayMs: number; afterMs: number }[] = [];
    await new Promise<void>((resolve) => {
      for (const delayMs of [30, 1, 12]) {
        after(clock, delayMs, () => {
          seen.push({ delayMs, afterMs: clock.nowMs() - startMs });
          if (seen.length === 3) resolve();
        });
      }
    });
    release();
    assert.deepEqual(
      seen.map(({ delayMs }) => delayMs),
      [1, 12, 30],
    );
    for (const { delayMs, afterMs } of seen) assert.ok(afterMs >= delayMs, `${afterMs}`);
    assert.equal(clock.scheduledCount, 0);
  });

  it("keeps no process alive, and keepProcessAlive does until it is released", async () => {
    const ended = await runProgram(`
      after(new SystemClock(), 3_600_000, () => console.log("late"));
      console.log("ended");`);
    assert.equal(ended, "ended\n");
    const fired = await runProgram(`
      const release = keepProcessAlive();
      after(new SystemClock(), 5, () => { console.log("fired"); release(); });`);
    assert.equal(fired, "fired\n");
  });

  it("calls the others when one entry throws", async () => {
    const seen = await runProgram(`
      const release = keepProcessAlive();
      const clock = new SystemClock();
      process.on("uncaughtException", (error) => console.log(error.message));
      after(clock, 5, () => { throw new Error("broken entry"); });
      after(clock, 20, () => { console.log("the other"); release(); });`);
    assert.equal(seen, "broken entry\nthe other\n");
  });

  it("takes delays longer than Node's timers without spinning", async () => {
    const seen = await runProgram(`
      const clock = new SystemClock();
      process.on("warning", (warning) => console.log(warning.name));
      after(clock, 90 * 86_400_000, () => console.log("early"));
      clock.afterTurn(() => console.log(clock.scheduledCount));`);
    assert.equal(seen, "1\n");
  });

  it("tells the time of day and the time that never goes back", () => {
    const clock = new SystemClock();
    const [first, second] = [clock.nowMs(), clock.nowMs()];
    assert.ok(second >= first);
    assert.ok(clock.epochMs() > Date.UTC(2025, 0, 1));
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withDirectory } from "../testing/open-lmdb.ts";
import type { WriterPlan } from "../testing/writer-process.ts";

test("acknowledges a set only after the system has flushed data, then root", (context) =>
  withDirectory(async (directory) => {
    const trace = join(directory, "trace");
    const plan: WriterPlan = {
      directory: join(directory, "store"),
      journalMaxBytes: 2 ** 20,
      firstId: 1,
      sets: 20,
      itemsPerSet: 3,
      inFlight: 1,
      users: 4,
    };
    const program = join(import.meta.dirname, "../testing/writer-process.ts");
    const calls = "trace=openat,pwrite64,pwritev,writev,fdatasync,write";
    const run = spawnSync(
      "strace",
      ["-f", "-y", "-e", calls, "-o", trace, process.execPath, program, JSON.stringify(plan)],
      { encoding: "utf8" },
    );
    if (run.error !== undefined || !run.stdout.includes("19\n")) {
      context.skip("NOT TESTED: the order of flushes; it takes strace");
      return;
    }
    // What has happened to the journal since the acknowledgement before: w data written, f data
    // flushed, R root written to a file opened for synchronous writes.
    let since = "";
    let acknowledged = 0;
    for (const call of stepsOf(readFileSync(trace, "utf8"))) {
      if (call !== "ack") {
        since += call;
        continue;
      }
      assert.match(since, /w+fR/, `set ${acknowledged}`);
      since = "";
      acknowledged += 1;
    }
    assert.equal(acknowledged, plan.sets);
    await Promise.resolve();
  }));

/** The calls that matter, in their order; strace splits a call that another thread interrupts. */
function stepsOf(trace: string): string[] {
  const rootFile = /openat\(.*journal\/data\.mdb", O_WRONLY\|O_DSYNC.* = (\d+)</.exec(trace)?.[1];
  assert.ok(rootFile !== undefined, "the root is written through a synchronous file");
  return trace.split("\n").flatMap((line) => {
    if (/write\(1<.*"\d+\\n"/.test(line)) return ["ack"];
    if (/fdatasync\(\d+<.*journal\/data\.mdb>/.test(line)) return ["f"];
    const written = /(?:pwrite64|pwritev|writev)\((\d+)<.*journal\/data\.mdb>/.exec(line)?.[1];
    if (written === undefined) return [];
    return [written === rootFile ? "R" : "w"];
  });
}

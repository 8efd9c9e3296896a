import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ManualClock } from "holdfast";
import { dumpOnCrash } from "./crash-dump.ts";
import { EventRing } from "./event-ring.ts";

const folder = mkdtempSync(join(tmpdir(), "crash-dump-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("a crash", () => {
  it("leaves the last events in a file whose name it says", () => {
    const { process, ring, path } = place();
    ring.add({ sessionKey: "106abc0c", event: "accept", at: 5, addr: "10.0.0.7:5" });
    process.emit("uncaughtExceptionMonitor", new Error("boom\u001b[2J"), "uncaughtException");
    const file = `${path}-1767225600-4711.jsonl`;
    assert.equal(process.said, `the last events are in ${file}\n`);
    const [crash, accept, end] = readFileSync(file, "utf8").split("\n");
    const { stack, ...rest } = JSON.parse(crash!) as { stack: string[] };
    assert.deepEqual(rest, {
      event: "crash",
      at: 1_767_225_600_000,
      pid: 4711,
      origin: "uncaughtException",
      error: "boom\\u001b[2J",
    });
    assert.match(stack[0]!, /^at .*crash-dump\.test/);
    assert.equal((JSON.parse(accept!) as { event: string }).event, "accept");
    assert.equal(end, "");
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("says why nothing could be written, and never over another file", () => {
    const { process, path } = place();
    const crash = () => process.emit("uncaughtExceptionMonitor", "no error", "unhandledRejection");
    crash();
    const before = readFileSync(`${path}-1767225600-4711.jsonl`, "utf8");
    assert.match(before, /"error":"no error"/);
    crash();
    assert.match(process.said, /cannot be written to .*: EEXIST/);
    assert.equal(readFileSync(`${path}-1767225600-4711.jsonl`, "utf8"), before);
  });

  it("is listened to until it is taken back", () => {
    const { process, stop } = place();
    assert.equal(process.listenerCount("uncaughtExceptionMonitor"), 1);
    stop();
    assert.equal(process.listenerCount("uncaughtExceptionMonitor"), 0);
  });

  for (const [what, line] of [
    ["an exception that nobody caught", 'queueMicrotask(() => { throw new Error("boom") })'],
    ["a rejection that nobody handled", 'void Promise.reject(new Error("boom"))'],
  ] as const) {
    it(`ends a real process as ever: ${what}`, async () => {
      const home = mkdtempSync(join(folder, "real-"));
      const program = `
        import { SystemClock } from "holdfast";
        import { dumpOnCrash } from "./crash-dump.ts";
        import { EventRing } from "./event-ring.ts";
        const ring = new EventRing();
        ring.add({ sessionKey: "106abc0c", event: "accept", at: 5 });
        dumpOnCrash({ process, clock: new SystemClock(), ring }, ${JSON.stringify(`${home}/dump`)});
        ${line};`;
      const { code, stderr } = await run(program);
      assert.equal(code, 1);
      assert.match(stderr, /the last events are in .*\n[^]*Error: boom/);
      const [file, ...more] = readdirSync(home);
      assert.deepEqual(more, []);
      assert.match(file!, /^dump-\d{10}-\d+\.jsonl$/);
      assert.match(readFileSync(join(home, file!), "utf8"), /"boom"[^]*"106abc0c"/);
    });
  }
});

class FakeProcess extends EventEmitter {
  readonly pid = 4711;
  said = "";
  readonly stderr = { write: (text: string) => (this.said += text) };
}

function place() {
  const path = join(mkdtempSync(join(folder, "place-")), "forensics");
  const process = new FakeProcess();
  const ring = new EventRing();
  const stop = dumpOnCrash({ process, clock: new ManualClock(), ring }, path);
  return { process, ring, path, stop };
}

function run(program: string): Promise<{ code: unknown; stderr: string }> {
  const args = ["--input-type=module-typescript", "-e", program];
  const options = { cwd: import.meta.dirname, timeout: 20_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, _stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stderr });
    });
  });
}

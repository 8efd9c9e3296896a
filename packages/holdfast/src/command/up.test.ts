import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";
import type { UpgradeReport } from "./up/upgrade-status.ts";

const STAND_IN = join(import.meta.dirname, "testing", "stand-in-supervisor.ts");
const folder = mkdtempSync(join(tmpdir(), "holdfast-up-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

const STARTING: UpgradeReport = { number: 1, kind: "starting", pid: 4242 };
const DONE: UpgradeReport = {
  number: 1,
  kind: "done",
  pid: 4242,
  readyAfterMs: 820,
  oldPid: 4141,
};

describe("holdfast up", { timeout: 30_000 }, () => {
  it("says who serves now, since when, and who drains", async (t) => {
    const { pidFile, child } = await standIn(t, [[STARTING, DONE]]);
    const { code, stdout, stderr } = await up("--pid-file", pidFile);
    assert.equal(code, 0, stderr);
    const [asked, ready, draining] = stdout.split("\n");
    assert.match(
      asked!,
      new RegExp(`^asked the supervisor \\(pid ${child.pid}\\) .* disk; pid 42`),
    );
    const info = String.raw`\(ops http://127\.0\.0\.1:6060\\u001b\[2J\)`;
    assert.match(ready!, new RegExp(`serves: pid 4242 ${info}, ready after 0\\.82 s$`));
    assert.equal(draining, "draining: pid 4141");
  });

  it("says why it was rolled back, and that the old version goes on", async (t) => {
    const reason = "it ended before it was ready (exit code 3)";
    const rolledBack: UpgradeReport = { number: 1, kind: "rolled-back", reason, oldPid: 4242 };
    const { pidFile } = await standIn(t, [[STARTING, rolledBack]]);
    const { code, stderr } = await up("--pid-file", pidFile);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^holdfast up: rolled back: it ended before it was ready \(exit code 3\)\n/,
    );
    assert.match(stderr, /the old version goes on as it was: pid 4242/);
  });

  it("says why it was refused", async (t) => {
    const reason = "4 old versions still drain";
    const { pidFile } = await standIn(t, [[{ number: 1, kind: "refused", reason }]]);
    const { code, stderr } = await up("--pid-file", pidFile);
    assert.equal(code, 1);
    assert.match(stderr, /^holdfast up: refused: 4 old versions still drain\n/);
  });

  it(
    "finds the supervisor by its number alone",
    { skip: process.platform !== "linux" },
    async (t) => {
      const { child } = await standIn(t, [[DONE]]);
      const { code, stderr } = await up("--pid", String(child.pid));
      assert.equal(code, 0, stderr);
    },
  );

  it("says that the supervisor ended, or says nothing", async (t) => {
    const ending = await standIn(t, ["end"]);
    const ended = await up("--pid-file", ending.pidFile);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /ended before it said how the upgrade went\n {2}its log says why/);
    const late = await up("--pid-file", ending.pidFile);
    assert.equal(late.code, 5);
    assert.match(late.stderr, /process \d+ has ended, .* is what it left\n/);
  });

  it("sends nothing to a process that is no supervisor", async (t) => {
    // Without a handler SIGUSR2 would end this test.
    const own = join(folder, "own.pid");
    writeFileSync(own, `${process.pid}\n`);
    const none = await up("--pid-file", own);
    assert.equal(none.code, 5);
    assert.match(none.stderr, /does not say in .*own\.pid\.status that it is a supervisor/);
    writeFileSync(`${own}.status`, "{");
    assert.equal((await up("--pid-file", own)).code, 5);
    const byNumber = await up("--pid", String(process.pid));
    assert.equal(byNumber.code, 2);
    assert.match(byNumber.stderr, /nothing was sent to it\n {2}give the file/);
    if (process.platform !== "linux") return;
    const other = await standIn(t, [[DONE]], "1");
    const reused = await up("--pid-file", other.pidFile);
    assert.equal(reused.code, 5);
    assert.match(reused.stderr, /is not the supervisor that wrote/);
  });

  it("says what is wrong with the command line", async () => {
    const file = join(folder, "text");
    writeFileSync(file, "text");
    for (const [args, code, reason] of [
      [[], 2, /which supervisor is missing\n {2}give --pid-file FILE/],
      [["--pid", "7", "--pid-file", "x"], 2, /--pid and --pid-file are two/],
      [["--pid", "seven"], 2, /--pid is seven/],
      [["--pid", "0"], 2, /--pid is 0/],
      [["now"], 2, /now is one word too many/],
      [["--pid-file", file], 2, /text is no pid file/],
      [
        ["--pid-file", join(folder, "none")],
        5,
        /there is no .*none\n {2}a program that is started/,
      ],
    ] as const) {
      const said = await up(...args);
      assert.equal(said.code, code, said.stderr);
      assert.match(said.stderr, reason);
    }
  });
});

async function up(...args: readonly string[]) {
  const terminal = new RecordedTerminal();
  const code = await runHoldfast(["up", ...args], terminal);
  const { stdout, stderr } = terminal;
  assert.doesNotMatch(stderr, /^\s+at /m);
  return { code, stdout, stderr };
}

/** Answers one request after the other with these reports; `start` is what it claims. */
async function standIn(
  t: TestContext,
  answers: readonly (readonly UpgradeReport[] | "end")[],
  start?: string,
): Promise<{ pidFile: string; child: ChildProcess }> {
  const pidFile = join(folder, `${++count}.pid`);
  const args = [
    ...["--pid-file", pidFile],
    ...(start === undefined ? [] : ["--start", start]),
    ...answers.map((answer) => (answer === "end" ? answer : JSON.stringify(answer))),
  ];
  // Not with the options of the test runner: by one of them SIGUSR2 writes a report.
  const child = fork(STAND_IN, args, { execArgv: [] });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "message");
  return { pidFile, child };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "./commands.ts";
import { nearest } from "./nearest.ts";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function say(...args: readonly string[]): Promise<Said> {
  const terminal = new RecordedTerminal();
  const code = await runHoldfast(args, terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

test("--help names every command, with examples", async () => {
  const { code, stdout, stderr } = await say("--help");
  assert.equal(code, 0);
  assert.equal(stderr, "");
  for (const { name, summary } of COMMANDS) assert.match(stdout, new RegExp(`${name} +${summary}`));
  assert.match(stdout, /examples:/);
  assert.deepEqual(await say("help"), { code, stdout, stderr });
});

test("the help of each command tells its options, exit codes and examples", async () => {
  for (const { name, options } of COMMANDS) {
    const { code, stdout } = await say("help", name);
    assert.equal(code, 0);
    for (const option of Object.keys(options)) assert.match(stdout, new RegExp(`--${option} `));
    assert.match(stdout, /^exit: /m);
    assert.match(stdout, /^examples:/m);
    assert.deepEqual(await say(name, "--help"), { code, stdout, stderr: "" });
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
  }
});

test("--version prints the release", async () => {
  const { code, stdout } = await say("--version");
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("no command at all shows what there is, and fails", async () => {
  const { code, stdout, stderr } = await say();
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /usage: holdfast COMMAND/);
});

test("an unknown command suggests the nearest", async () => {
  const { code, stderr } = await say("cal");
  assert.equal(code, 2);
  assert.match(stderr, /there is no command "cal"\n {2}did you mean call\?/);
  assert.match((await say("help", "genn")).stderr, /did you mean gen\?/);
  assert.doesNotMatch((await say("frobnicate")).stderr, /did you mean/);
});

test("an unknown option suggests the nearest", async () => {
  const { code, stderr } = await say("gen", "a.thrift", "--ot", "x");
  assert.equal(code, 2);
  assert.match(stderr, /there is no option --ot\n {2}did you mean --out\?/);
});

test("an option without its value says so", async () => {
  const { code, stderr } = await say("gen", "a.thrift", "--out");
  assert.equal(code, 2);
  assert.match(stderr, /--out/);
  assert.match(stderr, /holdfast help gen/);
});

test("a stack shows with --debug only", async () => {
  assert.doesNotMatch((await say("gen")).stderr, /^\s+at /m);
  assert.match((await say("gen", "--debug")).stderr, /^\s+at /m);
});

test("nearest prefers the closest, and leaves what is far", () => {
  assert.equal(nearest("nwe", ["new", "gen", "call"]), "new");
  assert.equal(nearest("tests", ["new", "gen", "call"]), undefined);
  assert.equal(nearest("ne", ["new", "gen", "call"]), "new");
  assert.equal(nearest("CALL", ["new", "gen", "call"]), "call");
  assert.equal(nearest("x".repeat(1_000), ["new"]), undefined);
});

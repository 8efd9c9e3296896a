import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { CHAIN_RECOVERED, CHAIN_START, chainLine, describeBroken } from "@holdfast/ops";
import { runHoldfast } from "../run.ts";
import { RecordedTerminal } from "../testing/recorded-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-verify-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("holdfast logs --verify", () => {
  const [one, two, three] = chainOf(3) as [string, string, string];

  it("says that a file is whole, and its last hash", async () => {
    const { code, stdout } = await verify(one + two + three);
    assert.equal(code, 0);
    assert.match(stdout, /^audit\.log: whole; the last line is 3, its hash [0-9a-f]{64}\n$/);
  });

  it("says which line is the first bad one", async () => {
    for (const [text, line] of [
      [one + two.replace("value 1", "value 7") + three, 2],
      [one + three, 2],
      [two + three, 1],
    ] as const) {
      const { code, stdout } = await verify(text);
      assert.equal(code, 1);
      assert.match(stdout, new RegExp(`^audit\\.log: line ${line} is bad: it `));
    }
  });

  it("tells a crash from a change", async () => {
    const cut = await verify(one + two + three.slice(0, 50));
    assert.equal(cut.code, 1);
    assert.match(cut.stdout, /whole up to line 2; what follows is no line, as a crash/);
    const last = JSON.parse(two) as { seq: number; hash: string };
    const fragment = three.slice(0, 50);
    const fields = { event: CHAIN_RECOVERED, ...describeBroken(Buffer.from(fragment)) };
    const vouched = await verify(`${one}${two}${fragment}\n${chainLine(last, fields).line}`);
    assert.equal(vouched.code, 0);
    assert.match(vouched.stdout, /whole, 1 broken by a crash and noted; the last line is 3,/);
  });

  it("says that a file is empty, and looks at each of several", async () => {
    writeFileSync(join(folder, "empty.log"), "");
    writeFileSync(join(folder, "whole.log"), one);
    const { code, stdout } = await run(["--verify", "empty.log", "whole.log"]);
    assert.equal(code, 1);
    assert.match(stdout, /^empty\.log: it has no lines\nwhole\.log: whole; /);
  });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
}

function chainOf(count: number): string[] {
  let chain = CHAIN_START;
  return Array.from({ length: count }, (_, index) => {
    const next = chainLine(chain, { event: "accept", text: `value ${index}` });
    chain = next.end;
    return next.line;
  });
}

function verify(text: string): Promise<Said> {
  writeFileSync(join(folder, "audit.log"), text);
  return run(["--verify", "audit.log"]);
}

async function run(args: readonly string[]): Promise<Said> {
  const terminal = new RecordedTerminal(folder);
  const code = await runHoldfast(["logs", ...args], terminal);
  return { code, stdout: terminal.stdout };
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsOf } from "../findings-of.ts";
import { bannedNames } from "./banned-names.ts";

const CODE = "packages/rpc/src/client/pool.ts";

/** The banned names found, in order. */
function banned(text: string, path = CODE): string[] {
  const said = findingsOf(bannedNames, { [path]: text });
  return said.map((finding) => / (.*) is banned here: use ./.exec(finding)![1]!);
}

describe("the ban list", () => {
  it("refuses the clock of the machine, however it is reached", () => {
    assert.deepEqual(banned("const a = Date.now();"), ["Date.now"]);
    assert.deepEqual(banned("const a = globalThis.Date.now();"), ["Date.now"]);
    assert.deepEqual(banned("const a = new Date();"), ["new Date()"]);
    assert.deepEqual(banned("performance.now();"), ["performance"]);
    assert.deepEqual(banned("const { now } = performance;"), ["performance"]);
    assert.deepEqual(banned("process.hrtime.bigint();"), ["process.hrtime"]);
  });

  it("refuses timers, called, passed on or imported", () => {
    assert.deepEqual(banned("setTimeout(go, 1);"), ["setTimeout"]);
    assert.deepEqual(banned("const soon = setImmediate;"), ["setImmediate"]);
    assert.deepEqual(banned("globalThis.setInterval(go, 1);"), ["setInterval"]);
    assert.deepEqual(banned("const s = AbortSignal.timeout(5);"), ["AbortSignal.timeout"]);
    assert.deepEqual(banned('import * as timers from "node:timers";'), ["node:timers:*"]);
    assert.deepEqual(banned('import { setTimeout } from "node:timers/promises";'), [
      "node:timers/promises:*",
    ]);
  });

  it("refuses randomness, the environment, exits and the console", () => {
    assert.deepEqual(banned("Math.random();"), ["Math.random"]);
    assert.deepEqual(banned('import { randomUUID } from "node:crypto";'), [
      "node:crypto:randomUUID",
    ]);
    assert.deepEqual(banned("crypto.getRandomValues(bytes);"), ["crypto.getRandomValues"]);
    assert.deepEqual(banned("const a = process.env.HOME;"), ["process.env"]);
    assert.deepEqual(banned("process.exit(1);"), ["process.exit"]);
    assert.deepEqual(banned("console.log(1);"), ["console"]);
  });

  it("lets words pass that only look like them", () => {
    assert.deepEqual(banned("const d = new Date(record.epochMs).toISOString();"), []);
    assert.deepEqual(banned("socket.setTimeout(5);"), []);
    assert.deepEqual(banned("const part = { setTimeout: 1, console: 2 };"), []);
    assert.deepEqual(banned("interface Timers { setTimeout(): void }"), []);
    assert.deepEqual(banned("let a: typeof setTimeout;"), []);
    assert.deepEqual(banned('import { createHash } from "node:crypto";'), []);
    assert.deepEqual(banned('import type { Performance } from "node:perf_hooks";'), []);
    assert.deepEqual(banned("declare global { interface Buffer { x(): void } }"), []);
  });

  it("lets time pass where time is made, and tests do as they need", () => {
    assert.deepEqual(banned("performance.now();", "packages/core/src/time/system-clock.ts"), []);
    assert.deepEqual(banned("setTimeout(go, 1);", "packages/rpc/src/client/pool.test.ts"), []);
    assert.deepEqual(banned("console.log(1);", "tools/check.ts"), []);
  });

  it("refuses mistakes in tests as well", () => {
    const test = "packages/rpc/src/client/pool.test.ts";
    assert.deepEqual(banned('it.only("x", () => {});', test), ["it.only"]);
    assert.deepEqual(banned("const b = new Buffer(5);", test), ["new Buffer()"]);
    assert.deepEqual(banned("const b = Buffer(5);", test), ["Buffer()"]);
    assert.deepEqual(banned("enum A { B }", test), ["an enum"]);
    assert.deepEqual(banned("namespace A { export const b = 1; }", test), ["a namespace"]);
  });

  it("says what to use instead, and where", () => {
    assert.deepEqual(findingsOf(bannedNames, { [CODE]: "\nconst a = Date.now();" }), [
      `${CODE}:2: Date.now is banned here: ` +
        "use clock.nowMs() for durations, clock.epochMs() for dates",
    ]);
  });
});

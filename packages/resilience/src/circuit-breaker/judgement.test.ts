import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { ERROR_CODES, ServiceError } from "@holdfast/core";
import { judgeError, JUDGEMENT_OF_CODE } from "./judgement.ts";

describe("what an error says about the callee", () => {
  it("is in the README, code by code", async () => {
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    const rows = [...readme.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) +\| (\w+) +\|/gm)];
    const shown = rows.flatMap(([, codes, judgement]) =>
      [...codes!.matchAll(/[a-z-]+/g)].map(([code]) => [code, judgement] as const),
    );
    const judgements = new Set(["success", "failure", "timeout", "ignored"]);
    const table = shown.filter(([, judgement]) => judgements.has(judgement!)).sort();
    assert.deepEqual(table, Object.entries(JUDGEMENT_OF_CODE).sort());
    assert.equal(table.length, ERROR_CODES.length);
  });

  it("is a failure for what is broken, and a timeout for what is late", () => {
    for (const code of ["internal", "unavailable", "protocol"] as const) {
      assert.equal(judgeError(new ServiceError(code, "")), "failure");
    }
    assert.equal(judgeError(new ServiceError("deadline-exceeded", "")), "timeout");
    const unsent = { workStarted: "no" } as const;
    assert.equal(judgeError(new ServiceError("deadline-exceeded", "", unsent)), "timeout");
    assert.equal(judgeError(new ServiceError("unavailable", "", unsent)), "failure");
  });

  it("is a success for an answer that somebody did not want to hear", () => {
    for (const code of ["invalid", "not-found", "too-large"] as const) {
      assert.equal(judgeError(new ServiceError(code, "")), "success");
    }
  });

  it("is nothing when it was refused here before anything was sent", () => {
    for (const code of ["invalid", "not-found", "too-large"] as const) {
      assert.equal(judgeError(new ServiceError(code, "", { workStarted: "no" })), "ignored");
    }
  });

  it("is nothing for what the callee did on purpose, or the caller", () => {
    for (const code of [
      "cancelled",
      "overloaded",
      "breaker-open",
      "degraded",
      "draining",
    ] as const) {
      assert.equal(judgeError(new ServiceError(code, "")), "ignored");
    }
  });

  it("knows what other libraries throw", () => {
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    assert.equal(judgeError(refused), "failure");
    assert.equal(judgeError(AbortSignal.abort().reason), "ignored");
    assert.equal(judgeError(new DOMException("late", "TimeoutError")), "timeout");
    assert.equal(judgeError(new TypeError("x is not a function")), "failure");
    assert.equal(judgeError("thrown"), "failure");
  });
});

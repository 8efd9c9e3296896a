import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ERROR_CODES, ServiceError, type WorkStarted } from "@holdfast/core";
import { blameFor, JUDGEMENT_OF_BLAME, withInstance } from "./blame.ts";

function blame(
  code: (typeof ERROR_CODES)[number],
  how: { answered?: boolean; waited?: boolean; workStarted?: WorkStarted } = {},
): string {
  const error = new ServiceError(code, "x", { workStarted: how.workStarted ?? "maybe" });
  return blameFor(error, how.answered ?? false, how.waited ?? false);
}

describe("an instance", () => {
  it("is to blame for silence, and not for what its handlers answer", () => {
    assert.equal(blame("deadline-exceeded"), "time-out");
    assert.equal(blame("deadline-exceeded", { answered: true }), "answer");
    assert.equal(blame("unavailable"), "unreachable");
    assert.equal(blame("unavailable", { answered: true }), "failure");
    assert.equal(blameFor(new Error("declared in the IDL"), true, false), "answer");
    for (const code of ["not-found", "invalid", "too-large", "degraded"] as const) {
      assert.equal(blame(code, { answered: true }), "answer");
    }
  });

  it("is not to blame for a call that never had the time to reach it, or was not fit to", () => {
    assert.equal(blame("deadline-exceeded", { workStarted: "no" }), "nobody");
    assert.equal(blame("deadline-exceeded", { workStarted: "no", waited: true }), "time-out");
    for (const code of ["invalid", "too-large"] as const) assert.equal(blame(code), "nobody");
    assert.equal(blame("cancelled", { workStarted: "no" }), "nobody");
    assert.equal(blame("cancelled"), "given-up");
  });

  it("opens its breaker by what fails on the way to it only", () => {
    const judged = Object.entries(JUDGEMENT_OF_BLAME).filter(([, what]) => what !== "ignored");
    assert.deepEqual(Object.fromEntries(judged), {
      answer: "success",
      "time-out": "timeout",
      unreachable: "failure",
    });
  });

  it("is named in an error that keeps all the rest of what it said", () => {
    const cause = new Error("why");
    for (const code of ERROR_CODES) {
      const error = new ServiceError(code, "what", {
        cause,
        retryable: true,
        workStarted: "yes",
        retryAfterMs: 5,
      });
      const named = withInstance(error, "i1");
      assert.equal(named.instanceId, "i1");
      const { message, retryable, workStarted, retryAfterMs } = named;
      assert.deepEqual(
        [named.code, message, named.cause, retryable, workStarted, retryAfterMs],
        [code, "what", cause, true, "yes", 5],
      );
      assert.equal(withInstance(named, "i1"), named);
    }
  });
});

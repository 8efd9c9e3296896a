import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ERROR_CODES, isErrorCode, ServiceError } from "./service-error.ts";

describe("ServiceError", () => {
  it("has the codes that are promised, and no others", () => {
    assert.deepEqual(ERROR_CODES, [
      "cancelled",
      "deadline-exceeded",
      "overloaded",
      "unavailable",
      "breaker-open",
      "degraded",
      "not-found",
      "invalid",
      "protocol",
      "too-large",
      "internal",
      "draining",
    ]);
    for (const code of ERROR_CODES) assert.ok(isErrorCode(code));
    for (const text of ["", "toString", "Internal", "__proto__"]) assert.ok(!isErrorCode(text));
  });

  it("takes from its code whether to try again, unless it is told", () => {
    assert.equal(new ServiceError("overloaded", "x").retryable, true);
    assert.equal(new ServiceError("invalid", "x").retryable, false);
    assert.equal(new ServiceError("overloaded", "x", { retryable: false }).retryable, false);
  });

  it("carries what it is told, and nothing that it is not", () => {
    const cause = new Error("why");
    const options = { cause, workStarted: "no", retryAfterMs: 5 } as const;
    const error = new ServiceError("unavailable", "gone", options);
    assert.equal(error.cause, cause);
    assert.deepEqual([error.workStarted, error.retryAfterMs], ["no", 5]);
    const plain = new ServiceError("unavailable", "gone");
    assert.deepEqual([plain.workStarted, plain.retryAfterMs], ["maybe", undefined]);
    assert.ok(!("cause" in plain));
  });

  it("has a stack where somebody must look for a mistake, and none for a refusal", () => {
    assert.match(new ServiceError("internal", "x").stack ?? "", /service-error\.test/);
    assert.doesNotMatch(new ServiceError("overloaded", "x").stack ?? "", /service-error\.test/);
    assert.match(new Error("the limit is as it was").stack ?? "", /service-error\.test/);
  });
});

describe("ServiceError.from", () => {
  it("leaves one that already is as it is", () => {
    const error = new ServiceError("degraded", "x");
    assert.equal(ServiceError.from(error), error);
  });

  it("makes one of anything, with what was thrown as the cause", () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const error = ServiceError.from(thrown);
        assert.equal(error.code, "internal");
        assert.equal(error.cause, thrown);
        assert.equal(typeof error.message, "string");
      }),
    );
  });

  it("knows the errors of Node that have a counterpart", () => {
    const system = (code: string): Error => Object.assign(new Error("from below"), { code });
    assert.equal(ServiceError.from(system("ECONNREFUSED")).code, "unavailable");
    assert.equal(ServiceError.from(system("EPIPE")).code, "unavailable");
    assert.equal(ServiceError.from(system("ENOENT")).code, "internal");
    assert.equal(ServiceError.from(AbortSignal.abort().reason).code, "cancelled");
    const timeout = new DOMException("too late", "TimeoutError");
    assert.equal(ServiceError.from(timeout).code, "deadline-exceeded");
  });

  it("always has a message where there is something to say", () => {
    assert.equal(ServiceError.from(new Error("text")).message, "text");
    assert.equal(ServiceError.from("text").message, "text");
    assert.equal(ServiceError.from(7).message, "thrown: number");
    const several = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
    assert.equal(ServiceError.from(several).message, "ECONNREFUSED");
    assert.equal(ServiceError.from(new TypeError("")).message, "TypeError");
  });
});

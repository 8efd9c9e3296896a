import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { settled, watch } from "../testing/held-service.ts";
import { retried } from "./testing/retried.ts";

describe("a time limit for each try", () => {
  it("tries elsewhere when the first instance does not answer", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100, backoffMinMs: 0 });
    const outcome = call("get a", far.context(1_000));
    await far.clock.advanceAndSettle(102);
    assert.equal(far.calls.length, 2);
    assert.equal(far.calls[0]!.context.cancelled?.code, "deadline-exceeded");
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("hears a late answer of a try that was given up, and changes nothing", async () => {
    const { far, call, retry } = retried({ tryTimeoutMs: 100, backoffMinMs: 0 });
    const outcome = call("get a", far.context(1_000));
    await far.clock.advanceAndSettle(102);
    far.calls[0]!.answer("late");
    await settled();
    assert.equal(outcome.settled, "no");
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(retry.snapshot().methods[0]!.recovered, 1);
  });

  it("ends a call that is not idempotent: the work may have begun", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100 });
    const outcome = call("put a", far.context(1_000));
    await far.clock.advanceAndSettle(102);
    assert.match(String(outcome.error), /no answer within 100 ms/);
    assert.equal(far.calls.length, 1);
  });

  it("learns from whoever sits below which instance it was", async () => {
    const { far, retry } = retried({ tryTimeoutMs: 100, backoffMinMs: 0 });
    const outcome = watch(
      retry.filter(far.context(1_000), "get a", (context, name) => {
        const working = far.service(context, name);
        context.onCancel(({ code }) =>
          far.calls.at(-1)!.fail(new ServiceError(code, "silent", { instanceId: "one" })),
        );
        return working;
      }),
    );
    await far.clock.advanceAndSettle(102);
    assert.equal(far.calls.length, 2);
    far.calls[1]!.answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
  });

  it("never outlives the call", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100 });
    const outcome = call("get a", far.context(50));
    await far.clock.advanceAndSettle(50);
    assert.equal((outcome.error as ServiceError).code, "deadline-exceeded");
    assert.equal(far.calls.length, 1);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("passes the caller's reason on at once", async () => {
    const { far, call } = retried({ tryTimeoutMs: 100 });
    const { context, cancel } = far.context(1_000).withCancel();
    const outcome = call("get a", context);
    const reason = new ServiceError("cancelled", "the caller left");
    cancel(reason);
    await settled();
    assert.equal(outcome.error, reason);
    assert.equal(far.calls[0]!.context.cancelled, reason);
    assert.equal(far.clock.scheduledCount, 0);
  });
});

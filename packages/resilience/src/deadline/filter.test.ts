import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Filter, type Service, ServiceError } from "@holdfast/core";
import fc from "fast-check";
import { HeldService, settled, watch } from "../testing/held-service.ts";
import { deadlineFilter } from "./filter.ts";

describe("the deadline filter", () => {
  it("passes the reply on", async () => {
    const { far, service } = guarded();
    const outcome = watch(service(far.context(100), "a"));
    far.held("a").answer("fine");
    await settled();
    assert.equal(outcome.value, "fine");
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("passes an error on, thrown or rejected", async () => {
    const { far, service } = guarded();
    const rejected = watch(service(far.context(100), "a"));
    const error = new Error("no luck");
    far.held("a").fail(error);
    const throwing: Service<string, string> = () => {
      throw error;
    };
    const thrown = watch(deadlineFilter<string, string>()(far.context(100), "b", throwing));
    await settled();
    assert.equal(rejected.error, error);
    assert.equal(thrown.error, error);
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("answers when the time is up though the work goes on", async () => {
    const { far, service } = guarded();
    const outcome = watch(service(far.context(100), "a"));
    await far.clock.advanceAndSettle(99);
    assert.equal(outcome.settled, "no");
    await far.clock.advanceAndSettle(1);
    assertCode(outcome.error, "deadline-exceeded");
    assert.equal((outcome.error as ServiceError).workStarted, "maybe");
  });

  it("tells the work that its time is up", async () => {
    const { far, service } = guarded();
    const outcome = watch(service(far.context(100), "a"));
    const reasons: string[] = [];
    far.held("a").context.onCancel(({ code }) => reasons.push(code));
    await far.clock.advanceAndSettle(100);
    assert.deepEqual(reasons, ["deadline-exceeded"]);
    assert.equal(outcome.settled, "rejected");
  });

  it("does not mind what the work comes to after that", async () => {
    const { far, service } = guarded();
    const outcomes = ["a", "b"].map((name) => watch(service(far.context(100), name)));
    await far.clock.advanceAndSettle(100);
    far.held("a").answer("late");
    // Nobody is left to handle this; as an unhandled rejection it would end the process.
    far.held("b").fail(new Error("late too"));
    await settled();
    for (const { error } of outcomes) assertCode(error, "deadline-exceeded");
  });

  it("answers a caller that gave up with the caller's reason", async () => {
    const { far, service } = guarded();
    const { context, cancel } = far.context(100).withCancel();
    const outcome = watch(service(context, "a"));
    const reason = new ServiceError("cancelled", "the caller left");
    cancel(reason);
    await settled();
    assert.equal(outcome.error, reason);
    far.held("a").answer("late");
    await settled();
    assert.equal(far.clock.scheduledCount, 0);
  });

  it("refuses a call that is over before it begins, and says that no work began", async () => {
    const { far, service } = guarded();
    const { context, cancel } = far.context().withCancel();
    cancel(new ServiceError("cancelled", "the caller left"));
    const outcome = watch(service(context, "a"));
    await settled();
    assertCode(outcome.error, "cancelled");
    assert.equal((outcome.error as ServiceError).workStarted, "no");
    assert.deepEqual(far.names, []);
  });

  it("schedules nothing for a call without a deadline", () => {
    const { far, service } = guarded();
    watch(service(far.context(), "a"));
    assert.equal(far.clock.scheduledCount, 0);
    far.held("a").answer("fine");
  });

  it("settles a call once, with whatever came first", async () => {
    const event = fc.constantFrom("answer", "fail", "cancel", "time");
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), async (events) => {
        const { far, service } = guarded();
        const { context, cancel } = far.context(100).withCancel();
        const outcome = watch(service(context, "a"));
        let first = "";
        for (const name of events) {
          if (name === "answer") far.held("a").answer("fine");
          else if (name === "fail") far.held("a").fail(new Error("no luck"));
          else if (name === "cancel") cancel(new ServiceError("cancelled", "the caller left"));
          else far.clock.advance(100);
          // One event after the other is what is tested.
          // oxlint-disable-next-line no-await-in-loop
          await settled();
          first ||= describeOutcome(outcome);
          assert.equal(describeOutcome(outcome), first);
        }
        const expected = { answer: "fine", fail: "no luck", cancel: "cancelled", time: "deadline" };
        assert.ok(first.startsWith(expected[events[0]!]), `${first} after ${events.join()}`);
        far.held("a").answer("the end");
        await settled();
        assert.equal(far.clock.scheduledCount, 0);
      }),
      { numRuns: 60 },
    );
  });
});

function guarded(): { far: HeldService; service: Service<string, string> } {
  const far = new HeldService();
  const filter: Filter<string, string> = deadlineFilter();
  return { far, service: (context, call) => filter(context, call, far.service) };
}

function describeOutcome({ settled: how, value, error }: ReturnType<typeof watch<string>>): string {
  if (how === "no") return "";
  if (how === "resolved") return value ?? "";
  return error instanceof ServiceError ? error.code : (error as Error).message;
}

function assertCode(error: unknown, code: string): void {
  assert.ok(error instanceof ServiceError, `not a ServiceError: ${String(error)}`);
  assert.equal(error.code, code);
}

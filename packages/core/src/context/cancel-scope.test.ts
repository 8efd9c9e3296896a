import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../error/service-error.ts";

import type { Clock } from "../time/clock.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { CancelScope } from "./cancel-scope.ts";

/** The naive twin of a scope: knows its parent, and when it was over. */
interface Model {
  readonly scope: CancelScope;
  readonly parent: Model | undefined;
  readonly deadlineMs: number;
  cancelledWith: ServiceError | undefined;
}

interface Listening {
  readonly model: Model;
  readonly takeBack: () => void;
  takenBack: boolean;
  readonly heard: ServiceError[];
}

const operation = fc.oneof(
  fc.record({
    kind: fc.constant("derive" as const),
    pick: fc.nat(),
    timeoutMs: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constant(Infinity)),
  }),
  fc.record({ kind: fc.constant("listen" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("listen" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("unlisten" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("cancel" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("ask" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("signal" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("advance" as const), byMs: fc.integer({ min: 0, max: 90 }) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

class Tree {
  readonly clock = new ManualClock();
  readonly models: Model[] = [];
  readonly listeners: Listening[] = [];

  constructor() {
    this.derive(undefined, Infinity);
  }

  derive(parent: Model | undefined, deadlineMs: number): void {
    const bounded = Math.min(deadlineMs, parent?.deadlineMs ?? Infinity);
    const scope = new CancelScope(this.clock, bounded, parent?.scope);
    this.models.push({ scope, parent, deadlineMs: bounded, cancelledWith: undefined });
  }

  isOver(model: Model): boolean {
    if (model.cancelledWith !== undefined) return true;
    if (this.clock.nowMs() >= model.deadlineMs) return true;
    return model.parent !== undefined && this.isOver(model.parent);
  }

  apply(one: Operation): void {
    if (one.kind === "advance") {
      this.clock.advance(one.byMs);
      return;
    }
    if (one.kind === "unlisten") {
      const listening = this.listeners[one.pick % Math.max(1, this.listeners.length)];
      listening?.takeBack();
      if (listening !== undefined) listening.takenBack = true;
      return;
    }
    const model = this.models[one.pick % this.models.length]!;
    if (one.kind === "derive") this.derive(model, this.clock.nowMs() + one.timeoutMs);
    else if (one.kind === "listen") this.listen(model);
    else if (one.kind === "ask")
      assert.equal(model.scope.cancelled !== undefined, this.isOver(model));
    else if (one.kind === "signal") assert.equal(model.scope.signal.aborted, this.isOver(model));
    else this.cancel(model);
  }

  listen(model: Model): void {
    const heard: ServiceError[] = [];
    const takeBack = model.scope.onCancel((reason) => heard.push(reason));
    this.listeners.push({ model, takeBack, takenBack: false, heard });
  }

  cancel(model: Model): void {
    const reason = new ServiceError("cancelled", "given up");
    if (!this.isOver(model)) model.cancelledWith = reason;
    model.scope.cancel(reason);
  }

  /** Everybody who listens has heard exactly once when, and only when, it is over. */
  check(): void {
    for (const { model, heard, takenBack } of this.listeners) {
      if (takenBack) {
        assert.ok(heard.length <= 1);
        continue;
      }
      assert.equal(heard.length, this.isOver(model) ? 1 : 0);
      if (heard.length === 1) assert.equal(heard[0], model.scope.cancelled);
    }
  }

  leftBehind(): number {
    const parts = this.models.map(({ scope }) => scope as unknown as { first: unknown });
    return parts.filter(({ first }) => first !== undefined).length;
  }
}

describe("CancelScope", () => {
  it("tells everybody once, in any tree, and leaves no timer and no listener behind", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.boolean(), (operations, close) => {
        const tree = new Tree();
        for (const one of operations) {
          tree.apply(one);
          tree.check();
        }
        for (const { takeBack } of tree.listeners) takeBack();
        // A signal listens for as long as its scope lives: the end of the work lets it go.
        if (close) for (const { scope } of tree.models) scope.close();
        else for (const { scope } of tree.models) scope.cancel(new ServiceError("cancelled", "x"));
        assert.equal(tree.clock.scheduledCount, 0);
        assert.equal(tree.leftBehind(), 0);
      }),
      { numRuns: 500 },
    );
  });

  it("leaves nothing behind when the listeners are taken back, without a close", () => {
    const withoutSignal = operation.filter(({ kind }) => kind !== "signal");
    fc.assert(
      fc.property(fc.array(withoutSignal, { maxLength: 60 }), (operations) => {
        const tree = new Tree();
        for (const one of operations) tree.apply(one);
        for (const { takeBack } of tree.listeners) takeBack();
        assert.equal(tree.clock.scheduledCount, 0);
        assert.equal(tree.leftBehind(), 0);
      }),
      { numRuns: 300 },
    );
  });

  it("lets a listener take another one back while they are called", () => {
    const scope = new CancelScope(new ManualClock(), Infinity, undefined);
    const heard: string[] = [];
    const takeBacks = ["a", "b", "c"].map((name) =>
      scope.onCancel(() => {
        heard.push(name);
        takeBacks[1]!();
      }),
    );
    scope.cancel(new ServiceError("cancelled", "x"));
    assert.deepEqual(heard, ["c", "a"]);
  });

  it("tells the others when one listener throws", () => {
    const scope = new CancelScope(new ManualClock(), Infinity, undefined);
    const heard: string[] = [];
    scope.onCancel(() => heard.push("first"));
    scope.onCancel(() => {
      throw new Error("broken listener");
    });
    scope.onCancel(() => heard.push("last"));
    assert.throws(() => scope.cancel(new ServiceError("cancelled", "x")), /broken listener/);
    assert.deepEqual(heard, ["last", "first"]);
  });

  it("tells nobody after it was closed", () => {
    const clock = new ManualClock();
    const scope = new CancelScope(clock, 10, undefined);
    scope.onCancel(() => assert.fail("the work is over"));
    scope.close();
    clock.advance(100);
    assert.equal(clock.scheduledCount, 0);
  });

  it("tells a listener that comes while the deadline passes, at once or a tick later", () => {
    for (let movesAt = 1; movesAt < 6; movesAt++) {
      const clock = new ManualClock();
      let readings = 0;
      // The clock of a real machine moves between two looks at it.
      const moving: Clock = {
        nowMs: () => (++readings < movesAt ? 9 : 10),
        epochMs: () => clock.epochMs(),
        schedule: (entry, dueMs) => clock.schedule(entry, dueMs),
        unschedule: (entry) => clock.unschedule(entry),
        afterTurn: (callback) => clock.afterTurn(callback),
      };
      clock.advance(9);
      const parent = new CancelScope(moving, 10, undefined);
      const child = new CancelScope(moving, 10, parent);
      const heard: ServiceError[] = [];
      child.onCancel((reason) => heard.push(reason));
      clock.advance(1);
      assert.equal(heard.length, 1);
      assert.equal(clock.scheduledCount, 0);
    }
  });

  it("knows without a look at the clock what has been noticed already", () => {
    const clock = new ManualClock();
    const parent = new CancelScope(clock, 10, undefined);
    const child = new CancelScope(clock, 10, parent);
    clock.advance(20);
    assert.equal(child.ended, undefined);
    assert.equal(child.cancelled?.code, "deadline-exceeded");
    assert.equal(child.ended, parent.cancelled);
  });
});

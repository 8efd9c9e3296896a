import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Priority, PRIORITY } from "@holdfast/core";
import fc from "fast-check";
import { ShedPlan } from "./shed-plan.ts";

interface Kind {
  readonly priority: Priority;
  readonly retries: number;
  readonly calls: number;
}

/** Least important first, and of those the newest retry. */
const ORDER: readonly (readonly [Priority, number])[] = [
  ...([PRIORITY.sheddable, PRIORITY.normal, PRIORITY.important] as const).flatMap((priority) =>
    [2, 1, 0].map((retries) => [priority, retries] as const),
  ),
];

describe("whom to drop", () => {
  it("is the least important first, and of those the newest retry", () => {
    const kinds = ORDER.map(([priority, retries]) => ({ priority, retries, calls: 10 }));
    for (let dropped = 0; dropped <= ORDER.length; dropped++) {
      const shares = planned(kinds, dropped / ORDER.length);
      const expected = ORDER.map((_, index) => (index < dropped ? 1 : 0));
      assert.deepEqual(rounded(shares), expected);
    }
  });

  it("is a part of one class where the share ends", () => {
    const shares = planned(
      [
        { priority: PRIORITY.sheddable, retries: 0, calls: 10 },
        { priority: PRIORITY.normal, retries: 0, calls: 90 },
      ],
      0.55,
    );
    assert.deepEqual(rounded(shares), [1, 0.5]);
  });

  it("takes more than two retries for two", () => {
    const shares = planned(
      [
        { priority: PRIORITY.normal, retries: 7, calls: 10 },
        { priority: PRIORITY.normal, retries: 1, calls: 10 },
      ],
      0.5,
    );
    assert.deepEqual(rounded(shares), [1, 0]);
  });

  it("is never what is critical", () => {
    const shares = planned(
      [
        { priority: PRIORITY.important, retries: 0, calls: 10 },
        { priority: PRIORITY.critical, retries: 2, calls: 90 },
      ],
      0.95,
    );
    assert.deepEqual(rounded(shares), [1, 0]);
  });

  it("is the share of all calls that was asked for, and in order, whatever comes", () => {
    const kind = fc.record({
      priority: fc.constantFrom<Priority>(0, 1, 2),
      retries: fc.nat(3),
      calls: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(
        fc.array(kind, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kinds, share) => {
          const shares = planned(kinds, share);
          const total = kinds.reduce((sum, { calls }) => sum + calls, 0);
          const dropped = kinds.reduce((sum, { calls }, at) => sum + calls * shares[at]!, 0);
          assert.ok(Math.abs(dropped / total - share) < 1e-9, `${dropped / total} of ${share}`);
          for (const [at, one] of kinds.entries()) {
            for (const [other, two] of kinds.entries()) {
              if (goesBefore(one, two)) assert.ok(shares[at] === 1 || shares[other] === 0);
            }
          }
        },
      ),
    );
  });

  it("follows the calls that come", () => {
    const plan = new ShedPlan();
    const period = (priority: Priority): void => {
      for (let call = 0; call < 100; call++) plan.count(priority, 0);
      plan.plan(0.5);
    };
    for (let round = 0; round < 20; round++) period(PRIORITY.sheddable);
    assert.ok(plan.shareOfPriority(PRIORITY.sheddable) > 0.49);
    assert.equal(plan.shareOfPriority(PRIORITY.important), 0);
    for (let round = 0; round < 20; round++) period(PRIORITY.important);
    assert.ok(plan.shareOfPriority(PRIORITY.important) > 0.49);
  });
});

function planned(kinds: readonly Kind[], share: number): number[] {
  const plan = new ShedPlan();
  const indexes = kinds.map(({ priority, retries, calls }) => {
    let index = 0;
    for (let call = 0; call < calls; call++) index = plan.count(priority, retries);
    return index;
  });
  plan.plan(share);
  return indexes.map((index) => plan.shareOf(index));
}

function rounded(shares: readonly number[]): number[] {
  return shares.map((share) => Math.round(share * 1e9) / 1e9);
}

function goesBefore(one: Kind, other: Kind): boolean {
  if (one.priority !== other.priority) return one.priority < other.priority;
  return Math.min(2, one.retries) > Math.min(2, other.retries);
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@holdfast/core";
import { leastLoaded } from "./least-loaded.ts";
import { contextWith, FakeCandidate, instancesOf } from "./testing/fake-candidates.ts";
import { completeZonePreferenceOptions, preferZone } from "./zone-preference.ts";

/** So many instances in each zone; the part of the calls that zone "a" got. */
function shareOfOwn(
  zones: Readonly<Record<string, number>>,
  failing: Readonly<Record<string, number>> = {},
  zone = "a",
): number {
  const listed = Object.entries(zones).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, index) => new FakeCandidate(`${name}${index}`, 1, name)),
  );
  const left = { ...failing };
  const usable = listed.filter(({ instance }) => {
    const failed = (left[instance.zone] ?? 0) > 0;
    if (failed) left[instance.zone]!--;
    return !failed;
  });
  const create = preferZone(leastLoaded(), { zone });
  const balancer = create<FakeCandidate>({ random: new SeededRandom(1) });
  balancer.update(usable, instancesOf(listed));
  let own = 0;
  for (let pick = 0; pick < 10_000; pick++) {
    if (balancer.pick(contextWith(), undefined, [], 0)!.instance.zone === "a") own++;
  }
  return own / 10_000;
}

function near(value: number, expected: number): void {
  assert.ok(Math.abs(value - expected) < 0.03, `${value}, not ${expected}`);
}

describe("a preference for the own zone", () => {
  it("keeps all calls there while it has enough", () => {
    assert.equal(shareOfOwn({ a: 10, b: 10, c: 10 }), 1);
    assert.equal(shareOfOwn({ a: 10, b: 10, c: 10 }, { a: 3 }), 1);
  });

  it("sends elsewhere what it cannot take, and no more", () => {
    near(shareOfOwn({ a: 10, b: 10, c: 10 }, { a: 5 }), 5 / 7);
    near(shareOfOwn({ a: 10, b: 10, c: 10 }, { a: 9 }), 1 / 7);
    assert.equal(shareOfOwn({ a: 10, b: 10, c: 10 }, { a: 10 }), 0);
  });

  it("does not drown a zone that is smaller than the others", () => {
    near(shareOfOwn({ a: 2, b: 8, c: 8 }), 2 / (6 * 0.7));
  });

  it("stays at home when nothing else is left", () => {
    assert.equal(shareOfOwn({ a: 2, b: 8 }, { a: 1, b: 8 }), 1);
    assert.equal(shareOfOwn({ a: 1 }), 1);
  });

  it("goes anywhere without a zone of its own", () => {
    assert.equal(shareOfOwn({ b: 3 }), 0);
    near(shareOfOwn({ a: 3, b: 3 }, {}, ""), 0.5);
  });

  it("refuses a ratio that means nothing", () => {
    for (const enoughRatio of [0, -1, 11, Number.NaN]) {
      assert.throws(() => completeZonePreferenceOptions({ enoughRatio }), /enoughRatio is/);
    }
  });
});

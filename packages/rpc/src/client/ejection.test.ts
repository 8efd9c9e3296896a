import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { eject, type Ejectable } from "./ejection.ts";

class Failing implements Ejectable {
  readonly badSinceMs: number;
  ejected = false;

  constructor(badSinceMs: number) {
    this.badSinceMs = badSinceMs;
  }
}

const lists = fc.array(
  fc.oneof(fc.constant(Infinity), fc.nat(100)).map((ms) => new Failing(ms)),
  { maxLength: 20 },
);

describe("ejection", () => {
  it("leaves out no more than its share, only what fails, and never all", () => {
    fc.assert(
      fc.property(lists, fc.double({ min: 0, max: 1, noNaN: true }), (all, maxRatio) => {
        const used = eject(all, maxRatio);
        const out = all.filter(({ ejected }) => ejected);
        assert.deepEqual(
          used,
          all.filter(({ ejected }) => !ejected),
        );
        assert.ok(out.length <= all.length * maxRatio);
        assert.ok(out.every(({ badSinceMs }) => badSinceMs !== Infinity));
        assert.ok(all.length === 0 || used.length > 0);
        if (all.every(({ badSinceMs }) => badSinceMs !== Infinity)) assert.equal(out.length, 0);
      }),
    );
  });

  it("leaves out as many as it may, those first that have failed longest", () => {
    const all = [30, Infinity, 10, 20, Infinity, 40].map((ms) => new Failing(ms));
    eject(all, 0.5);
    assert.deepEqual(
      all.filter(({ ejected }) => ejected).map(({ badSinceMs }) => badSinceMs),
      [30, 10, 20],
    );
  });

  it("takes back what it left out when nothing fails any more, or everything does", () => {
    const [one, two] = [new Failing(5), new Failing(Infinity)];
    eject([one, two], 0.5);
    assert.equal(one.ejected, true);
    eject([one], 0.5);
    assert.equal(one.ejected, false);
  });
});

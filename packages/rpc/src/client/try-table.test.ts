import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Try } from "./client-call.ts";
import { TryTable } from "./try-table.ts";

describe("the table of tries", () => {
  it("gives each try an id of its own and finds it by that", () => {
    const table = new TryTable(10);
    const tries = [attempt(), attempt(), attempt()];
    for (const each of tries) table.add(each);
    assert.equal(new Set(tries.map(({ sequenceId }) => sequenceId)).size, 3);
    assert.equal(table.take(tries[1]!.sequenceId), tries[1]);
    assert.equal(table.size, 2);
  });

  it("finds nothing twice: the second reply is nobody's", () => {
    const table = new TryTable(10);
    const { sequenceId } = added(table);
    assert.notEqual(table.take(sequenceId), undefined);
    assert.equal(table.take(sequenceId), undefined);
  });

  it("finds nothing by an id whose try was given up, even when its place is taken again", () => {
    const table = new TryTable(1);
    const ids: number[] = [];
    for (let round = 0; round < 1000; round++) {
      const each = added(table);
      const { sequenceId } = each;
      for (const late of ids) assert.equal(table.take(late), undefined);
      assert.equal(table.take(sequenceId), each);
      ids.push(sequenceId);
    }
    assert.equal(new Set(ids).size, ids.length);
  });

  it("finds nothing by ids that it never gave", () => {
    const table = new TryTable(10);
    const { sequenceId } = added(table);
    const strangers = [0, -1, 1, 9, sequenceId + 1, -sequenceId, sequenceId ^ 0x10000, 2 ** 31];
    for (const stranger of [...strangers, -(2 ** 31), NaN, 1.5]) {
      assert.equal(table.take(stranger), undefined, String(stranger));
    }
    assert.equal(table.size, 1);
  });

  it("gives positive ids only, also when the generations begin anew", () => {
    const table = new TryTable(1);
    for (let round = 0; round < 70_000; round++) {
      const { sequenceId } = added(table);
      assert.ok(sequenceId > 0 && sequenceId <= 0x7fff_ffff && Number.isInteger(sequenceId));
      table.take(sequenceId);
    }
  });

  it("is full at its capacity, and grows no further", () => {
    const table = new TryTable(2);
    assert.equal(table.full, false);
    const first = added(table);
    added(table);
    assert.equal(table.full, true);
    table.take(first.sequenceId);
    assert.equal(table.full, false);
    added(table);
    assert.equal(table.full, true);
  });

  it("takes out all there are", () => {
    const table = new TryTable(10);
    const tries = [added(table), added(table), added(table)];
    table.take(tries[1]!.sequenceId);
    assert.deepEqual(table.takeAll(), [tries[0], tries[2]]);
    assert.equal(table.size, 0);
    assert.deepEqual(table.takeAll(), []);
    for (const { sequenceId } of tries) assert.equal(sequenceId, 0);
  });

  it("finds what a plain map would find, whatever happens", () => {
    const step = fc.oneof(
      fc.constant("add" as const),
      fc.nat(30).map((index) => ({ take: index })),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((id) => ({ stranger: id })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new TryTable(5);
        const expected = new Map<number, Try>();
        const given: number[] = [];
        for (const each of steps) {
          if (each === "add") {
            if (table.full) continue;
            const one = added(table);
            assert.ok(!given.includes(one.sequenceId), "an id comes back at once");
            given.push(one.sequenceId);
            expected.set(one.sequenceId, one);
          } else {
            const id = "take" in each ? (given[each.take] ?? 0) : each.stranger;
            assert.equal(table.take(id), expected.get(id));
            expected.delete(id);
          }
          assert.equal(table.size, expected.size);
        }
      }),
    );
  });
});

function added(table: TryTable): Try {
  const each = attempt();
  table.add(each);
  return each;
}

/** All that the table knows of a try. */
function attempt(): Try {
  return { sequenceId: 0 } as Try;
}

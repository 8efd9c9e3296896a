import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "holdfast";
import { AnswerMemory } from "./answer-memory.ts";

describe("answers that are remembered", () => {
  it("are given until they have the age that is asked for", () => {
    const clock = new ManualClock();
    const memory = new AnswerMemory<string>(clock, 10);
    memory.put("a", "first");
    assert.deepEqual([memory.get("a", 1), memory.get("a", 0)], ["first", undefined]);
    clock.advance(10);
    assert.deepEqual([memory.get("a", 10), memory.get("a", 11)], [undefined, "first"]);
    memory.put("a", "second");
    assert.equal(memory.get("a", 10), "second");
    memory.delete("a");
    assert.deepEqual([memory.get("a", 10), memory.size], [undefined, 0]);
  });

  it("are never more than their limit; what was not used goes first", () => {
    const memory = new AnswerMemory<number>(new ManualClock(), 3);
    memory.put("used", 0);
    for (let index = 0; index < 100; index++) {
      memory.put(`k${index}`, index);
      assert.equal(memory.get("used", 1), 0);
      assert.ok(memory.size <= 3);
    }
    assert.deepEqual([memory.get("k97", 1), memory.get("k98", 1)], [undefined, 98]);
    memory.put("k98", 1);
    assert.equal(memory.size, 3);
  });
});

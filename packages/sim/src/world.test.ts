import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, sleep } from "@holdfast/core";
import { createWorld } from "./world.ts";

describe("a world", () => {
  it("gives what a promise gives, and what it fails with", async () => {
    const world = createWorld(1);
    const slow = sleep(world.clock, 500).then(() => "slow");
    assert.equal(await world.finish(slow, 1000), "slow");
    assert.equal(world.clock.nowMs(), 500);
    await assert.rejects(world.finish(Promise.reject(new Error("wrong")), 1000), /wrong/);
  });

  it("shows the end of its trace when something does not finish", async () => {
    const world = createWorld(7);
    world.note("waiting for nobody");
    const never = new Promise<void>(() => {});
    const message = /^seed 7: not finished after 1000 ms.*\n {2}0 note waiting for nobody$/s;
    await assert.rejects(
      world.finish(never, 1000),
      (error) => error instanceof Error && message.test(error.message),
    );
    assert.equal(world.clock.nowMs(), 1000);
  });

  it("draws for the network apart from the code under test", () => {
    const [one, other] = [createWorld(1), createWorld(1)];
    one.network.link("a", "b");
    after(one.clock, 1, () => {});
    assert.equal(one.random.next(), other.random.next());
    assert.notEqual(createWorld(2).random.next(), createWorld(1).random.next());
  });
});

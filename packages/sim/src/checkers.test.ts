import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after } from "@holdfast/core";
import { checkNothingLeft } from "./checkers.ts";
import { createWorld } from "./world.ts";

describe("checkNothingLeft", () => {
  it("names sockets, listeners and timers that are left", async () => {
    const world = createWorld(5);
    const address = { kind: "tcp", host: "server", port: 1 } as const;
    await world.network.listen(address, () => {});
    await world.finish(world.network.connect(address, { timeoutMs: 100 }), 1000);
    after(world.clock, 1000, () => {});
    assert.throws(
      () => checkNothingLeft(world),
      (error) => {
        assert.ok(error instanceof Error);
        assert.deepEqual(error.message.split("\n"), [
          "left at the end of seed 5:",
          "  socket 1.client local:49152 to server:1",
          "  socket 1.server server:1 to local:49152",
          "  listener server:1",
          "  1 scheduled timers",
        ]);
        return true;
      },
    );
  });

  it("says nothing about a world that is empty", () => {
    checkNothingLeft(createWorld(1));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after } from "@holdfast/core";
import { createWorld } from "@holdfast/sim";
import { Probe } from "./gen/probe.ts";
import { HeldProbe } from "./held-probe.ts";
import { serveForTest } from "./serve-for-test.ts";
import { loopbackPlace, simulatedPlace } from "./test-place.ts";

const HANDLER = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

for (const place of [() => simulatedPlace(createWorld(1)), () => loopbackPlace()]) {
  describe(`a server for the length of a test, ${place().name},`, () => {
    it("is gone when the test is over", async () => {
      const here = place();
      const input = { place: here, definition: Probe, handler: new HeldProbe() };
      await serveForTest(input, async (served) => {
        await here.finish(served.client().calls.p(served.context()));
      });
      assert.deepEqual(await here.left(), []);
    });

    it("fails the test that leaves a timer", async () => {
      const here = place();
      const input = { place: here, definition: Probe, handler: new HeldProbe() };
      let takeBack = (): void => undefined;
      const serving = serveForTest(input, () => {
        takeBack = after(here.clock, 60_000, () => undefined);
        return Promise.resolve();
      });
      await assert.rejects(serving, /left at the end:\n {2}1 scheduled timers/);
      takeBack();
    });

    it("fails the test that leaves a connection", async () => {
      const here = place();
      const other = await here.finish(
        here.runtime("elsewhere").network.listen(here.listenAddress("elsewhere"), (socket) => {
          socket.start(HANDLER);
        }),
      );
      const input = { place: here, definition: Probe, handler: new HeldProbe() };
      const serving = serveForTest(input, async () => {
        const { network } = here.runtime("client");
        const socket = await here.finish(network.connect(other.address, { timeoutMs: 1_000 }));
        socket.start(HANDLER);
      });
      await assert.rejects(serving, /left at the end:\n {2}connection .*on elsewhere/);
      for (const host of ["elsewhere", "client"]) {
        const { accepted, connected } = here.runtime(host).network;
        for (const socket of [...accepted, ...connected]) socket.destroy();
      }
      await here.finish(other.close());
      assert.deepEqual(await here.left(), []);
    });

    it("fails with the test's own error when it has one", async () => {
      const input = { place: place(), definition: Probe, handler: new HeldProbe() };
      const serving = serveForTest(input, () => Promise.reject(new Error("the test's own")));
      await assert.rejects(serving, /the test's own/);
    });
  });
}

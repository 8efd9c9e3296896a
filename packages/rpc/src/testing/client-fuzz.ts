/** What a client may do with any bytes: settle its calls, or close that connection. */
import assert from "node:assert/strict";
import { callRawServer } from "./call-raw-server.ts";
import { cutUp } from "./frame-property.ts";

const OPTIONS = { connectionsMax: 1, callTimeoutMs: 200, frameMaxBytes: 4096 };

/** The server answers the first call with `stream`, and the others as it should. */
export async function checkClient(
  form: string,
  stream: Buffer,
  cuts: readonly number[],
): Promise<void> {
  await callRawServer(
    async (rig) => {
      rig.server.onCall = (connection, call) => {
        if (rig.server.calls.length > 1) connection.answer(call, "fine");
        else for (const piece of cutUp(stream, cuts)) connection.sendBytes(piece);
      };
      const first = rig.call();
      await rig.settled(first);
      // Half a frame may stand before the next reply: then that call's time ends it.
      await rig.settled(rig.call());
      for (const connection of rig.server.connections) connection.destroy();
      await rig.world.run(10);
      assert.equal(await rig.settled(rig.call()), undefined);
    },
    OPTIONS,
    form,
  );
}

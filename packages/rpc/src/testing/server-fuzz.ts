/** What a server may do with any bytes: answer them, or close that connection; nothing else. */
import assert from "node:assert/strict";
import { Probe } from "./gen/probe.ts";
import { HeldProbe } from "./held-probe.ts";
import { serveForTest } from "./serve-for-test.ts";
import { cutUp } from "./frame-property.ts";
import { type SimulatedWorld, simulatedPlace } from "./test-place.ts";
import { wireForm } from "./wire-form.ts";

const FORM = wireForm("framed binary");
const FRAME_MAX_BYTES = 4096;
/** Longer than every time limit below. */
const LONG_MS = 20_000;

export async function checkServer(
  world: SimulatedWorld,
  stream: Buffer,
  cuts: readonly number[],
): Promise<void> {
  const place = simulatedPlace(world);
  const handler = new HeldProbe();
  const options = { frameMaxBytes: FRAME_MAX_BYTES, idleTimeoutMs: 5_000, readTimeoutMs: 1_000 };
  await serveForTest({ place, definition: Probe, handler, options }, async (served) => {
    const good = await served.peer(FORM);
    good.send({ name: "p", sequenceId: 1 });
    const socket = await place.finish(
      place.runtime("stranger").network.connect(served.address, { timeoutMs: 1_000 }),
    );
    let gone = false;
    socket.start({
      onBytes: () => undefined,
      onEnd: () => socket.end(),
      onDrain: () => undefined,
      onClose: () => {
        gone = true;
      },
    });
    for (const piece of cutUp(stream, cuts)) socket.write(piece);
    await good.reply(1);
    await world.run(50);
    for (const call of handler.calls) call.answer("fine");
    good.send({ name: "p", sequenceId: 2 });
    await good.reply(2);
    // Whatever it was, it does not stay for ever.
    await world.run(LONG_MS);
    assert.ok(gone, "the stranger's connection is still open");
    const failed = place.logger.lines.filter(({ level }) => level === "error");
    assert.deepEqual(failed, []);
  });
}

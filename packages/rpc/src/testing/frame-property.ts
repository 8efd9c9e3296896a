/** What must hold for every stream of frames, however it is cut: for the tests and the fuzz. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkView, FrameReader } from "../wire/frame-reader.ts";
import { encodeFrame, structOf, type WireForm } from "./wire-form.ts";

/** Memory that is written over with each delivery, as a socket's read buffer is. */
export class SharedChunks {
  private readonly memory = Buffer.alloc(256 * 1024, 0xdb);
  private at = 0;

  /** The bytes as the next delivery; those of the one before are gone. */
  put(bytes: Uint8Array): Uint8Array {
    this.memory.fill(0xdb);
    this.at = (this.at + 7) % 64;
    this.memory.set(bytes, this.at);
    return new Uint8Array(this.memory.buffer, this.memory.byteOffset + this.at, bytes.length);
  }
}

export interface FrameCase {
  readonly messages: readonly { readonly name: string; readonly texts: readonly string[] }[];
  /** Where the stream is cut, as parts of what is left. */
  readonly cuts: readonly number[];
  /** After which frames the reader is stopped. */
  readonly stops: readonly boolean[];
}

export const FRAME_CASE: fc.Arbitrary<FrameCase> = fc.record({
  messages: fc.array(
    fc.record({
      name: fc.string({
        minLength: 1,
        maxLength: 12,
        unit: fc.constantFrom(...Array.from("abcXYZ_")),
      }),
      texts: fc.array(fc.string({ maxLength: 2000 }), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
  stops: fc.array(fc.boolean(), { maxLength: 6 }),
});

/** Frames out are frames in; nothing is kept at the end; nothing comes while stopped. */
export function checkFramesInAreFramesOut(form: WireForm, each: FrameCase): void {
  const expected = each.messages.map(({ name, texts }, index) =>
    encodeFrame(form, {
      name,
      sequenceId: index,
      body: structOf((output) => {
        texts.forEach((text, id) => {
          output.writeField((0x0b << 16) | (id + 1));
          output.writeString(text);
        });
      }),
    }),
  );
  const stops = [...each.stops];
  const seen: Buffer[] = [];
  const frames = new FrameReader(1024 * 1024, new ChunkView());
  const onFrame = (bytes: { readonly buffer: Buffer }, start: number, end: number): boolean => {
    seen.push(Buffer.from(bytes.buffer.subarray(start, end)));
    return stops.shift() !== true;
  };
  const largest = Math.max(...expected.map((frame) => frame.length));
  const chunks = new SharedChunks();
  for (const piece of cutUp(Buffer.concat(expected), each.cuts)) {
    let going = frames.read(chunks.put(piece), onFrame);
    while (!going) {
      const before = seen.length;
      going = frames.readPending(onFrame);
      assert.ok(going || seen.length > before, "stopped without a frame");
    }
    assert.ok(frames.pendingBytes < largest, "more is kept than the frame that has begun");
  }
  assert.deepEqual(seen, expected);
  assert.equal(frames.pendingBytes, 0);
}

/** Pieces of at least one byte each; without cuts one piece. */
export function cutUp(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = stream;
  for (const cut of cuts) {
    const size = Math.min(rest.length, 1 + Math.floor(cut * cut * rest.length));
    if (size > 0) pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  if (rest.length > 0) pieces.push(rest);
  return pieces;
}

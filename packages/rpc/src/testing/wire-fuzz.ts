/** Bytes that are no frames, or hardly any, and what reading them may do: for tests and fuzz. */
import assert from "node:assert/strict";
import { ServiceError } from "@holdfast/core";
import { BinaryReader, bytesOf } from "@holdfast/thrift";
import fc from "fast-check";
import { ChunkView, FrameReader } from "../wire/frame-reader.ts";
import type { Framing } from "../wire/framing.ts";
import { emptyTtHeader, readTtHeader } from "../wire/ttheader.ts";
import { cutUp, SharedChunks } from "./frame-property.ts";
import { ttFrame, ttFrameOfInfo } from "./tt-frame.ts";
import { encodeFrame, structOf, WIRE_FORMS } from "./wire-form.ts";

const FRAME_MAX_BYTES = 4096;

const RANDOM_BYTES = fc.uint8Array({ minLength: 1, maxLength: 400 }).map(Buffer.from);

/** Whole calls in every form. */
const CALLS = WIRE_FORMS.map((form) =>
  encodeFrame(form, {
    name: "hold",
    sequenceId: 7,
    body: structOf((output) => {
      output.writeField(0x0b_0001);
      output.writeString("a key");
    }),
    header: { integers: new Map([[12, "250"]]), strings: new Map([["crrst", "1"]]) },
  }),
);

/** A call with some bytes changed, and perhaps an end or a beginning missing. */
const BROKEN_CALL = fc
  .tuple(
    fc.constantFrom(...CALLS),
    fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 4 }),
    fc.nat(20),
    fc.nat(3),
  )
  .map(([call, changes, cut, times]) => {
    const bytes = Buffer.from(call);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const whole = Buffer.concat(Array.from({ length: times + 1 }, () => bytes));
    return whole.subarray(0, Math.max(1, whole.length - cut));
  });

const TT_FRAME = fc
  .tuple(fc.uint8Array({ maxLength: 120 }), fc.uint8Array({ maxLength: 20 }))
  .map(([info, payload]) => ttFrameOfInfo({ payload: Buffer.from(payload) }, info));

export const HARDLY_FRAMES: fc.Arbitrary<Buffer> = fc.oneof(RANDOM_BYTES, BROKEN_CALL, TT_FRAME);
export const CUTS = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });

/** Frames, a wait for more, or an error that says what is wrong; and never much memory. */
export function checkFrameReader(stream: Buffer, cuts: readonly number[], framing?: Framing): void {
  const frames = new FrameReader(FRAME_MAX_BYTES, new ChunkView(), framing);
  const chunks = new SharedChunks();
  givesUpInOrder(() => {
    for (const piece of cutUp(stream, cuts)) {
      frames.read(chunks.put(piece), (_bytes, start, end) => {
        assert.ok(end > start && end - start <= FRAME_MAX_BYTES + 4);
        return true;
      });
    }
  });
  assert.ok(frames.pendingBytes <= stream.length);
}

/** The same for the header of a frame; `stream` need not have one. */
export function checkTtHeader(stream: Buffer): void {
  for (const bytes of [stream, ttFrame({ payload: stream })]) {
    const input = new BinaryReader(bytesOf(bytes));
    const header = emptyTtHeader();
    givesUpInOrder(() => {
      readTtHeader(input, header);
      assert.ok(input.offset >= 16 && input.offset <= bytes.length);
    });
    assert.ok(header.timeoutMs >= 0);
    assert.ok(header.logId.length <= 1024 && header.fromService.length <= 1024);
  }
}

function givesUpInOrder(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    assert.ok(error.code === "protocol" || error.code === "too-large", error.code);
    assert.ok(error.message.length < 500, error.message);
  }
}

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { ServiceError } from "@holdfast/core";
import fc from "fast-check";
import { checkFramesInAreFramesOut, FRAME_CASE, SharedChunks } from "../testing/frame-property.ts";
import { encodeFrame, structOf, WIRE_FORMS, wireForm } from "../testing/wire-form.ts";
import { ChunkView, FrameReader } from "./frame-reader.ts";
import type { Framing } from "./framing.ts";

const FRAME_MAX_BYTES = 64 * 1024;

describe("the frame reader", () => {
  for (const form of WIRE_FORMS) {
    it(`gives out the frames that went in, however they are cut: ${form.name}`, () => {
      fc.assert(
        fc.property(FRAME_CASE, (each) => checkFramesInAreFramesOut(form, each)),
        {
          numRuns: 200,
        },
      );
    });

    it(`reads ${form.name} byte by byte, and keeps nothing`, () => {
      const frames = ["p", "echo", "tell"].map((name) => call(form.name, name, 100));
      const { reader, seen } = reading();
      for (const byte of Buffer.concat(frames)) reader.feed(Buffer.from([byte]));
      assert.deepEqual(seen, frames);
      assert.equal(reader.frames.pendingBytes, 0);
    });
  }

  it("reads a frame where it lies, without copying it", () => {
    const chunks = new SharedChunks();
    const frame = call("framed binary", "echo", 100);
    const frames = new FrameReader(FRAME_MAX_BYTES, new ChunkView());
    const chunk = chunks.put(frame);
    frames.read(chunk, (bytes, start) => {
      assert.equal(bytes.buffer.buffer, chunk.buffer);
      assert.equal(start, chunk.byteOffset);
      return true;
    });
  });

  it("stops when it is told to, and goes on with what is left", () => {
    const frames = [1, 2, 3].map((index) => call("framed binary", `m${index}`, 10));
    const { reader, seen, answers } = reading();
    answers.push(false, false);
    assert.equal(reader.feed(Buffer.concat(frames)), false);
    assert.equal(seen.length, 1);
    assert.equal(reader.frames.pendingBytes, frames[1]!.length + frames[2]!.length);
    assert.equal(reader.goOn(), false);
    assert.equal(reader.goOn(), true);
    assert.deepEqual(seen, frames);
    assert.equal(reader.frames.pendingBytes, 0);
  });

  it("keeps what comes while it is stopped", () => {
    const frames = [1, 2].map((index) => call("framed binary", `m${index}`, 10));
    const { reader, seen, answers } = reading();
    answers.push(false);
    reader.feed(frames[0]!);
    reader.feed(frames[1]!.subarray(0, 5));
    reader.feed(frames[1]!.subarray(5));
    reader.goOn();
    assert.deepEqual(seen, frames);
  });

  describe("refuses what is too large before it takes memory for it:", () => {
    for (const framing of ["ttheader", "framed"] as const) {
      it(framing, (test) => {
        const frame = call(`${framing} binary`, "echo", 10);
        frame.writeUInt32BE(FRAME_MAX_BYTES + 1);
        const allocated = watchAllocations(test);
        const { reader } = reading(framing);
        assert.throws(() => reader.feed(frame.subarray(0, 12)), tooLarge);
        assert.deepEqual(allocated(), []);
      });
    }

    for (const name of ["buffered binary", "buffered compact", "buffered old binary"]) {
      it(name, (test) => {
        const large = encodeFrame(wireForm(name), {
          name: "echo",
          sequenceId: 1,
          body: structOf((output) => {
            output.writeField(0x0b_0001);
            output.writeString("x".repeat(FRAME_MAX_BYTES));
          }),
        });
        const allocated = watchAllocations(test);
        const { reader } = reading();
        assert.throws(() => reader.feed(large.subarray(0, 100)), tooLarge);
        assert.deepEqual(allocated(), []);
      });
    }

    it("but takes the largest that is allowed", () => {
      const frame = Buffer.alloc(4 + FRAME_MAX_BYTES);
      frame.writeUInt32BE(FRAME_MAX_BYTES);
      const { reader, seen } = reading("framed");
      reader.feed(frame);
      assert.equal(seen.length, 1);
    });
  });

  it("refuses a frame of nothing", () => {
    const { reader } = reading("framed");
    assert.throws(() => reader.feed(Buffer.alloc(4)), /a frame of 0 bytes/);
  });

  it("takes memory for what has come, not for what is announced, and gives it back", (test) => {
    const frame = call("framed binary", "echo", 40_000);
    const allocated = watchAllocations(test);
    const { reader } = reading();
    reader.feed(frame.subarray(0, 100));
    assert.deepEqual(allocated(), [512]);
    for (let at = 100; at < frame.length; at += 1000) reader.feed(frame.subarray(at, at + 1000));
    assert.ok(Math.max(...allocated()) < frame.length * 2);
    assert.equal(reader.frames.pendingBytes, 0);
    reader.feed(frame.subarray(0, 10));
    assert.equal(allocated().at(-1), 512, "the large memory is gone");
  });
});

describe("a view of what sockets deliver", () => {
  it("is shared by chunks in the same memory", () => {
    const view = new ChunkView();
    const memory = new Uint8Array(100);
    assert.equal(view.of(memory.subarray(0, 10)), view.of(memory.subarray(50)));
    assert.notEqual(view.of(memory), view.of(new Uint8Array(10)));
  });
});

function call(form: string, name: string, size: number): Buffer {
  return encodeFrame(wireForm(form), {
    name,
    sequenceId: 1,
    body: structOf((output) => {
      output.writeField(0x0b_0001);
      output.writeString("x".repeat(size));
    }),
  });
}

/** A reader that is fed from shared memory, the frames it gave out, and what it is told next. */
function reading(framing?: Framing) {
  const chunks = new SharedChunks();
  const frames = new FrameReader(FRAME_MAX_BYTES, new ChunkView(), framing);
  const seen: Buffer[] = [];
  const answers: boolean[] = [];
  const onFrame = (bytes: { readonly buffer: Buffer }, start: number, end: number): boolean => {
    seen.push(Buffer.from(bytes.buffer.subarray(start, end)));
    return answers.shift() ?? true;
  };
  const reader = {
    frames,
    feed: (bytes: Uint8Array) => frames.read(chunks.put(bytes), onFrame),
    goOn: () => frames.readPending(onFrame),
  };
  return { reader, seen, answers };
}

/** The sizes of the memory that was taken since. */
function watchAllocations(test: TestContext): () => number[] {
  const mock = test.mock.method(Buffer, "allocUnsafeSlow");
  return () => mock.mock.calls.map((each) => each.arguments[0]);
}

function tooLarge(error: unknown): boolean {
  assert.ok(error instanceof ServiceError);
  assert.equal(error.code, "too-large");
  assert.equal(error.workStarted, "no");
  return true;
}

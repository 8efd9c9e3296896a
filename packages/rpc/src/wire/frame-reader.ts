/**
 * ② From the bytes that a socket delivers to whole frames. Frames that lie whole in what was
 * delivered are read where they lie; only what is cut in two is copied.
 */
import { type Bytes, bytesOf, protocolError, StructScanner } from "@holdfast/thrift";
import { type Framing, sniffFraming } from "./framing.ts";
import { ServiceError } from "@holdfast/core";

/** Called with a frame, valid only during the call. False: stop, the rest is asked for later. */
export type OnFrame = (bytes: Bytes, start: number, end: number) => boolean;

const PENDING_MIN_BYTES = 512;
const NOTHING: Bytes = bytesOf(new Uint8Array(0));

/** One memory to look at, so that sockets that deliver in the same memory share the view of it. */
export class ChunkView {
  private known: Bytes = NOTHING;

  of(chunk: Uint8Array): Bytes {
    if (this.known.buffer.buffer !== chunk.buffer) {
      this.known = bytesOf(Buffer.from(chunk.buffer as ArrayBuffer));
    }
    return this.known;
  }
}

export class FrameReader {
  framing: Framing | undefined;
  /** Frames given out so far. */
  frameCount = 0;
  private readonly frameMaxBytes: number;
  private readonly chunkView: ChunkView;
  /** Bytes that came and were not read as frames yet; NOTHING most of the time. */
  private pending: Bytes = NOTHING;
  private pendingLength = 0;
  private scanner: StructScanner | undefined = undefined;

  constructor(frameMaxBytes: number, chunkView: ChunkView, framing?: Framing) {
    this.frameMaxBytes = frameMaxBytes;
    this.chunkView = chunkView;
    this.framing = framing;
  }

  /** Bytes of a frame that has not come whole, or that nobody took yet. */
  get pendingBytes(): number {
    return this.pendingLength;
  }

  /** Reads all frames that are whole; false when `onFrame` stopped it. */
  read(chunk: Uint8Array, onFrame: OnFrame): boolean {
    if (this.pendingLength > 0) {
      this.keep(chunk);
      return this.readPending(onFrame);
    }
    const bytes = this.chunkView.of(chunk);
    const start = chunk.byteOffset;
    const end = start + chunk.length;
    const { at, stopped } = this.readFrames(bytes, start, end, onFrame);
    if (at < end) this.keep(chunk.subarray(at - start));
    return !stopped;
  }

  /** Goes on after `onFrame` had stopped it. */
  readPending(onFrame: OnFrame): boolean {
    const end = this.pendingLength;
    const pending = this.pending;
    // Frames may be taken from here while more is kept: they are read from this memory only.
    this.pending = NOTHING;
    this.pendingLength = 0;
    const { at, stopped } = this.readFrames(pending, 0, end, onFrame);
    if (at === 0) {
      this.pending = pending;
      this.pendingLength = end;
    } else if (at < end) {
      this.keep(pending.buffer.subarray(at, end));
    }
    return !stopped;
  }

  private readFrames(
    bytes: Bytes,
    start: number,
    end: number,
    onFrame: OnFrame,
  ): { at: number; stopped: boolean } {
    let at = start;
    while (at < end) {
      const size = this.frameSize(bytes, at, end);
      if (size > end - at) break;
      at += size;
      this.frameCount++;
      if (!onFrame(bytes, at - size, at)) return { at, stopped: true };
    }
    return { at, stopped: false };
  }

  /** How long the frame at `at` is; Infinity when that cannot be said yet. */
  private frameSize(bytes: Bytes, at: number, end: number): number {
    this.framing ??= sniffFraming(bytes.view, at, end - at);
    if (this.framing === undefined) return Infinity;
    if (this.framing === "buffered") return this.messageSize(bytes, at, end);
    if (end - at < 4) return Infinity;
    const length = bytes.view.getUint32(at);
    this.checkSize(length);
    if (length === 0) throw protocolError("a frame of 0 bytes");
    return length + 4;
  }

  private messageSize(bytes: Bytes, at: number, end: number): number {
    this.scanner ??= new StructScanner({ messageMaxBytes: this.frameMaxBytes });
    const messageEnd = this.scanner.scan(bytes, at, end);
    if (messageEnd === undefined) return Infinity;
    this.scanner = undefined;
    return messageEnd - at;
  }

  private keep(bytes: Uint8Array): void {
    const needed = this.pendingLength + bytes.length;
    if (needed > this.pending.buffer.length) {
      const size = Math.max(PENDING_MIN_BYTES, needed, this.pending.buffer.length * 2);
      const grown = bytesOf(Buffer.allocUnsafeSlow(size));
      grown.buffer.set(this.pending.buffer.subarray(0, this.pendingLength));
      this.pending = grown;
    }
    this.pending.buffer.set(bytes, this.pendingLength);
    this.pendingLength = needed;
  }

  private checkSize(length: number): void {
    if (length <= this.frameMaxBytes) return;
    const message = `a frame of ${length} bytes, at most ${this.frameMaxBytes} are allowed`;
    throw new ServiceError("too-large", message, { workStarted: "no" });
  }
}

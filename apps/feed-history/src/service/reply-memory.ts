/**
 * Where the items of a reply stay between the store, whose memory is valid for a moment only, and
 * the connection's output: a slab that replies take pieces of, one behind the other, so that a
 * reply allocates nothing of its own. A full slab lives as long as a reply still points into it.
 */
import type { RangeSink } from "../store/index.ts";

export interface ReplyPiece {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** About 75 replies of 50 items. */
const SLAB_BYTES = 256 * 1024;

export class ReplyMemory implements RangeSink {
  private slab: Uint8Array = Buffer.allocUnsafeSlow(SLAB_BYTES);
  private start = 0;
  private end = 0;

  /** A new piece begins; one that was not taken is given up. */
  begin(): void {
    this.end = this.start;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.end + length > this.slab.length) this.moveToNewSlab(length);
    this.slab.set(bytes.subarray(start, end), this.end);
    this.end += length;
  }

  take(): ReplyPiece {
    const piece = { bytes: this.slab, start: this.start, end: this.end };
    this.start = this.end;
    return piece;
  }

  private moveToNewSlab(length: number): void {
    const piece = this.slab.subarray(this.start, this.end);
    // Not zeroed: only what a reply wrote is ever read.
    this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, piece.length * 2 + length));
    this.slab.set(piece);
    this.start = 0;
    this.end = piece.length;
  }
}

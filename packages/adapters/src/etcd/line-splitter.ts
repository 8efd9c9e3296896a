/** Bytes that come in any pieces, as lines. */
import { ServiceError } from "@holdfast/core";

const LINE_END = 0x0a;

export class LineSplitter {
  private readonly lineMaxBytes: number;
  private readonly onLine: (line: string) => void;
  /** The beginning of a line whose end has not come yet. */
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  constructor(lineMaxBytes: number, onLine: (line: string) => void) {
    this.lineMaxBytes = lineMaxBytes;
    this.onLine = onLine;
  }

  /** Throws `too-large` for a line that has more bytes than it may. Empty lines are left out. */
  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_END, start);
      this.keep(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      start = end + 1;
      const line = Buffer.concat(this.pieces).toString();
      this.pieces = [];
      this.bytes = 0;
      if (line !== "") this.onLine(line);
    }
  }

  private keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.bytes += piece.length;
    if (this.bytes > this.lineMaxBytes) {
      throw new ServiceError("too-large", `a line has more than ${this.lineMaxBytes} bytes`);
    }
    this.pieces.push(piece);
  }
}

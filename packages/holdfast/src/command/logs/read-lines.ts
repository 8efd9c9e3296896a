/** Lines out of a stream of bytes of any length, with no more of it in memory than one line. */

const LINE_END = 0x0a;

/**
 * Calls `onLine` with each line, without its line end; of one that is longer than `lineMaxBytes`,
 * with its beginning. The bytes are valid during the call only.
 */
export async function readLines(
  source: AsyncIterable<Uint8Array>,
  lineMaxBytes: number,
  onLine: (line: Buffer) => void,
): Promise<void> {
  /** The pieces of a line whose end has not come, at most `lineMaxBytes` of them. */
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  const keep = (piece: Buffer): void => {
    const kept = piece.subarray(0, lineMaxBytes - pieceBytes);
    if (kept.length === 0) return;
    pieces.push(Buffer.from(kept));
    pieceBytes += kept.length;
  };
  const endLine = (piece: Buffer): void => {
    if (pieceBytes === 0) return onLine(piece.subarray(0, lineMaxBytes));
    keep(piece);
    onLine(Buffer.concat(pieces));
    pieces = [];
    pieceBytes = 0;
  };
  for await (const bytes of source) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_END, start);
      if (end < 0) break;
      endLine(chunk.subarray(start, end));
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (pieceBytes > 0) endLine(Buffer.alloc(0));
}

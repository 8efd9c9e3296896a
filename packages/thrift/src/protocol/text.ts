/**
 * Strings on the wire. Reading refuses bytes that are not UTF-8; the common case, ASCII, is found
 * by looking at four bytes at a time and read without decoding.
 */
import { isUtf8 } from "node:buffer";
import { protocolError } from "./error.ts";

/** Above this a scan in JavaScript costs more than decoding does. */
const SCAN_MAX = 256;

export function readText(buffer: Buffer, view: DataView, start: number, length: number): string {
  const end = start + length;
  if (length <= SCAN_MAX && isAscii(view, start, end)) return buffer.latin1Slice(start, end);
  const text = buffer.utf8Slice(start, end);
  // A replacement character is either in the data or stands for what was not UTF-8.
  if (text.includes("\uFFFD") && !isUtf8(buffer.subarray(start, end))) {
    throw protocolError(`a string of ${length} bytes is not UTF-8`);
  }
  return text;
}

function isAscii(view: DataView, start: number, end: number): boolean {
  let seen = 0;
  let offset = start;
  for (const last = end - 4; offset <= last; offset += 4) seen |= view.getInt32(offset);
  for (; offset < end; offset++) seen |= view.getUint8(offset) * 0x01010101;
  return (seen & 0x80808080) === 0;
}

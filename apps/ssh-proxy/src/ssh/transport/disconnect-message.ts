/** DISCONNECT (RFC 4253, 11.1): the last message, with a reason and a text for the user. */
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";

const TEXT_MAX_BYTES = 255;
const TEXT_MAX_CHARACTERS = 255;
/** In UTF-8, for one unit of UTF-16. */
const CHARACTER_MAX_BYTES = 3;

export function writeDisconnect(reason: number, text: string): Buffer {
  return new MessageWriter(MESSAGE.disconnect)
    .uint32(reason)
    .string(cutText(text))
    .string("")
    .finish();
}

/** A peer that says goodbye badly has said goodbye: what is missing is empty. */
export function readDisconnect(payload: Buffer): { reason: number; text: string } {
  const reader = new MessageReader(payload);
  const reason = reader.remainingBytes >= 4 ? reader.uint32() : 0;
  const textBytes = reader.remainingBytes >= 4 ? reader.uint32() : 0;
  // Cut twice: a piece of a text keeps all of it in memory, and this one ends up in logs.
  const keptBytes = Math.min(textBytes, TEXT_MAX_CHARACTERS * CHARACTER_MAX_BYTES);
  const text = payload.toString("utf8", reader.position, reader.position + keptBytes);
  return { reason, text: text.slice(0, TEXT_MAX_CHARACTERS) };
}

/** Cut between characters, not within the bytes of one. */
function cutText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  let end = Math.min(bytes.length, TEXT_MAX_BYTES);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

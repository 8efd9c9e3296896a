/** Numbers that are never negative, as keys and signatures hold them (RFC 4251, 5, mpint). */
import type { MessageReader } from "../message-reader.ts";
import { SshKeyError } from "./ssh-key-error.ts";

/**
 * The digits of a number above 0, big-endian, none of them a leading 0: a view, not a copy.
 * Strict, since a second way to write one key would be a second fingerprint of it.
 */
export function readMpint(reader: MessageReader, maxBytes: number, what: string): Buffer {
  const bytes = reader.string();
  const first = bytes[0];
  if (first === undefined) throw new SshKeyError(`${what} is 0`);
  if (first >= 0x80) throw new SshKeyError(`${what} is negative`);
  const digits = first === 0 ? bytes.subarray(1) : bytes;
  if (first === 0 && (digits[0] === undefined || digits[0] < 0x80)) {
    throw new SshKeyError(`${what} begins with a 0 that it does not need`);
  }
  if (digits.length > maxBytes) {
    throw new SshKeyError(`${what} has ${digits.length} bytes; at most ${maxBytes}`);
  }
  return digits;
}

/** How many bits a number has whose first digit is not 0. */
export function bitLength(digits: Uint8Array): number {
  const first = digits[0];
  return first === undefined ? 0 : digits.length * 8 - (Math.clz32(first) - 24);
}

/** The same number with 0s in front; `digits` are at most `length` bytes long. */
export function padDigits(digits: Uint8Array, length: number): Buffer {
  const padded = Buffer.alloc(length);
  padded.set(digits, length - digits.length);
  return padded;
}

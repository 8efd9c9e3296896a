// Whole numbers as the source writes them, and the ranges of Thrift's integer types.

import type { IntegerValue } from "./model.ts";

/** How many bits each integer type has. */
export const INTEGER_BITS: ReadonlyMap<string, bigint> = new Map<IntegerValue["kind"], bigint>([
  ["byte", 8n],
  ["i16", 16n],
  ["i32", 32n],
  ["i64", 64n],
]);

/** Digits of the longest number worth reading: more than any 64 bit number has. */
const DIGITS_MAX = 20;

/**
 * The value of an integer token (decimal or 0x, with a sign or without). Undefined when it is far
 * beyond 64 bits: a megabyte of digits is not turned into a number at all.
 */
export function integerOf(text: string): bigint | undefined {
  const sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
  const isHex = text[sign + 1] === "x" || text[sign + 1] === "X";
  let digits = isHex ? sign + 2 : sign;
  // Zeros in front mean nothing; Thrift has no octal numbers.
  while (text[digits] === "0" && digits < text.length - 1) digits++;
  if (text.length - digits > DIGITS_MAX) return undefined;
  const value = BigInt((isHex ? "0x" : "") + text.slice(digits));
  return text.startsWith("-") ? -value : value;
}

/** True when the value fits a two's complement number of so many bits. */
export function fitsBits(value: bigint, bits: bigint): boolean {
  return BigInt.asIntN(Number(bits), value) === value;
}

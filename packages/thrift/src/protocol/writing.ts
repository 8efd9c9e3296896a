/**
 * What both writers share: how much room they keep, and what they refuse. The refusals stand apart
 * because the compiler puts only small methods inline.
 */
import type { ServiceError } from "@holdfast/core";
import { badValue } from "./error.ts";
import { DEPTH_MAX } from "./types.ts";

/** Bytes that are free after `enterStruct` and after each value of variable size. */
export const HEADROOM = 512;

export function checkI32(value: number): void {
  checkInteger(value, -0x8000_0000, 0x7fff_ffff, "i32");
}

export function checkInteger(value: number, min: number, max: number, type: string): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw badValue(`${value} is not an ${type}: a whole number from ${min} to ${max}`);
  }
}

export function notI64(value: bigint): ServiceError {
  return badValue(`${value} does not fit an i64`);
}

export function notSafe(value: number): ServiceError {
  return badValue(`${value} is not a safe integer`);
}

export function tooDeep(): ServiceError {
  return badValue(`nested deeper than ${DEPTH_MAX}`);
}

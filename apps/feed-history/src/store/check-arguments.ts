/**
 * The checks both stores make of their arguments. The service has refused a caller's mistakes
 * long before; what is caught here is a mistake in the service.
 */
import type { ItemPosition } from "./item-wire.ts";
import { StoreError } from "./store-error.ts";

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

export function checkUserId(userId: bigint): void {
  if (!isInt64(userId)) throw new StoreError("invalid", `userId ${userId} is not a 64-bit number`);
}

export function checkRange(
  userId: bigint,
  fromMs: bigint,
  toMs: bigint,
  limit: number,
  after: ItemPosition | undefined,
): void {
  checkUserId(userId);
  if (fromMs < 0n || toMs > int64Max || fromMs > toMs) {
    const expected = `0 <= fromMs <= toMs <= ${int64Max}`;
    throw new StoreError("invalid", `range ${fromMs} to ${toMs}: expected ${expected}`);
  }
  if (!Number.isInteger(limit) || limit < 1) {
    throw new StoreError("invalid", `limit ${limit}: expected a whole number from 1 on`);
  }
  if (after && !(isInt64(after.itemId) && isInt64(after.timestampMs))) {
    throw new StoreError("invalid", "after: itemId and timestampMs must be 64-bit numbers");
  }
}

function isInt64(value: bigint): boolean {
  return value >= int64Min && value <= int64Max;
}

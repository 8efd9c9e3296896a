/**
 * Puts the items of one set call into the order of a run. Callers mostly send them in order
 * already, newest or oldest first, so both are recognised without sorting.
 */
import { itemIdOffset, timestampOffset } from "./item-wire.ts";

/** Newest first; of two items at one position only the later one of the call is kept. */
export function orderItems(items: readonly Uint8Array[]): readonly Uint8Array[] {
  if (items.length < 2) return items;
  const direction = commonDirection(items);
  if (direction < 0) return items;
  if (direction > 0) return items.toReversed();
  const sorted = items
    .map((wire, index) => ({ wire, index }))
    .sort((left, right) => {
      const order = compareWires(right.wire, left.wire);
      return order === 0 ? right.index - left.index : order;
    });
  return sorted
    .filter(({ wire }, at) => at === 0 || compareWires(sorted[at - 1]!.wire, wire) !== 0)
    .map((item) => item.wire);
}

/** -1: each item is older than the one before; 1: each is newer; 0: neither. */
function commonDirection(items: readonly Uint8Array[]): number {
  const first = Math.sign(compareWires(items[1] as Uint8Array, items[0] as Uint8Array));
  for (let index = 2; index < items.length; index += 1) {
    const order = compareWires(items[index] as Uint8Array, items[index - 1] as Uint8Array);
    if (Math.sign(order) !== first) return 0;
  }
  return first;
}

/** Above 0: `left` is newer. Big-endian numbers compare as their bytes do, the sign bit apart. */
export function compareWires(left: Uint8Array, right: Uint8Array): number {
  const order = compareInt64(left, right, timestampOffset);
  return order === 0 ? compareInt64(left, right, itemIdOffset) : order;
}

function compareInt64(left: Uint8Array, right: Uint8Array, at: number): number {
  const sign = ((left[at] as number) ^ 0x80) - ((right[at] as number) ^ 0x80);
  if (sign !== 0) return sign;
  for (let index = at + 1; index < at + 8; index += 1) {
    const order = (left[index] as number) - (right[index] as number);
    if (order !== 0) return order;
  }
  return 0;
}

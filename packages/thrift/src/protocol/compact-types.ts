/**
 * The type codes of Thrift Compact and their counterparts in TYPE, which is what the rest of the
 * package speaks. Source: Apache Thrift, doc/specs/thrift-compact-protocol.md.
 */
import { TYPE } from "./types.ts";

export const COMPACT = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

/** From a compact code (4 bits) to TYPE; 0 where there is none. */
export const TYPE_OF_COMPACT = new Uint8Array(16);
/**
 * From TYPE to a compact code; 0 where there is none. A bool is 1 here: the specification says 2
 * for the elements of containers, every implementation of Apache's writes 1, and all read both.
 */
export const COMPACT_OF_TYPE = new Uint8Array(32);

const CODES = [
  [TYPE.bool, COMPACT.true],
  [TYPE.byte, COMPACT.byte],
  [TYPE.i16, COMPACT.i16],
  [TYPE.i32, COMPACT.i32],
  [TYPE.i64, COMPACT.i64],
  [TYPE.double, COMPACT.double],
  [TYPE.string, COMPACT.binary],
  [TYPE.list, COMPACT.list],
  [TYPE.set, COMPACT.set],
  [TYPE.map, COMPACT.map],
  [TYPE.struct, COMPACT.struct],
  [TYPE.uuid, COMPACT.uuid],
] as const;
for (const [type, compact] of CODES) {
  TYPE_OF_COMPACT[compact] = type;
  COMPACT_OF_TYPE[type] = compact;
}
TYPE_OF_COMPACT[COMPACT.false] = TYPE.bool;

/** The fewest bytes one element of a type takes; a container's count is checked against it. */
export function compactSizeMin(type: number): number {
  if (type === TYPE.double) return 8;
  return type === TYPE.uuid ? 16 : 1;
}

/** The most bytes that a value of fixed size or a varint takes; 0 for everything else. */
export function compactSizeMax(type: number): number {
  switch (type) {
    case TYPE.bool:
    case TYPE.byte:
      return 1;
    case TYPE.i16:
      return 3;
    case TYPE.i32:
      return 5;
    case TYPE.i64:
      return 10;
    case TYPE.double:
      return 8;
    case TYPE.uuid:
      return 16;
    default:
      return 0;
  }
}

/**
 * The type codes of Thrift Binary, which the rest of the package uses as its own names, and what
 * the protocols have in common.
 *
 * Source: Apache Thrift, doc/specs/thrift-binary-protocol.md.
 */

export const TYPE = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
  uuid: 16,
} as const;

export type TypeCode = (typeof TYPE)[keyof typeof TYPE];

/** What a message is: a call, a reply, an error of the callee's machinery, a call without reply. */
export const MESSAGE = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;

export type MessageType = (typeof MESSAGE)[keyof typeof MESSAGE];

/** 64: deeper than any sane model, far from the end of the stack. */
export const DEPTH_MAX = 64;

/**
 * A field's header as one number, type code and id: what generated code switches on. The id is
 * kept as 16 bits, so that an id is the same number whichever protocol brought it.
 */
export function fieldKey(type: number, id: number): number {
  return (type << 16) | (id & 0xffff);
}

/** The fewest bytes one value of a type takes; a container's count is checked against it. */
export function sizeMin(type: number): number {
  switch (type) {
    case TYPE.bool:
    case TYPE.byte:
    case TYPE.struct:
      return 1;
    case TYPE.i16:
      return 2;
    case TYPE.i32:
    case TYPE.string:
      return 4;
    case TYPE.set:
    case TYPE.list:
      return 5;
    case TYPE.map:
      return 6;
    case TYPE.double:
    case TYPE.i64:
      return 8;
    case TYPE.uuid:
      return 16;
    default:
      return 1;
  }
}

/** The bytes that a value of the type always takes; 0 when that varies. */
export function fixedSize(type: number): number {
  switch (type) {
    case TYPE.bool:
    case TYPE.byte:
    case TYPE.i16:
    case TYPE.i32:
    case TYPE.double:
    case TYPE.i64:
    case TYPE.uuid:
      return sizeMin(type);
    default:
      return 0;
  }
}

/**
 * ② What a connection speaks, found out from its first bytes: TTHeader, framed, or messages one
 * after another without frames ("buffered"); the protocol is found out per message.
 */
import { protocolError } from "@holdfast/thrift";
import { TTHEADER_MAGIC } from "./ttheader.ts";

export type Framing = "ttheader" | "framed" | "buffered";
export type ProtocolName = "binary" | "compact";

/** As many bytes as sniffing looks at, at most. */
export const SNIFF_BYTES = 8;

const BINARY_VERSION_1 = 0x8001;
const COMPACT_ID = 0x82;

/**
 * Reads the first bytes of a connection, of which `available` have come; undefined when that is
 * too few. Throws when they are no beginning that we know.
 */
export function sniffFraming(view: DataView, at: number, available: number): Framing | undefined {
  // A whole call without a frame may be shorter than all the rest that there is to look at.
  if (available >= 2 && isCompact(view, at)) return "buffered";
  if (available < SNIFF_BYTES) return undefined;
  if (view.getUint16(at) === BINARY_VERSION_1) return "buffered";
  if (view.getUint16(at + 4) === TTHEADER_MAGIC) return "ttheader";
  if (view.getUint16(at + 4) === BINARY_VERSION_1 || isCompact(view, at + 4)) return "framed";
  return sniffOldBinary(view, at);
}

/**
 * Binary without a version begins with the length of the method's name. Behind a frame's length
 * comes that length, so a zero byte; without a frame comes the name's first letter.
 */
function sniffOldBinary(view: DataView, at: number): Framing {
  const nameLength = view.getUint32(at);
  const next = view.getUint8(at + 4);
  if (view.getUint16(at + 4) === 0 && view.getUint16(at + 6) > 0) return "framed";
  if (nameLength > 0 && nameLength < 0x400 && next > 0x20 && next < 0x7f) return "buffered";
  const bytes = view.getBigUint64(at).toString(16).padStart(16, "0");
  throw protocolError(`the connection begins with 0x${bytes}, which is no Thrift transport`);
}

export function sniffProtocol(view: DataView, at: number): ProtocolName {
  return view.getUint8(at) === COMPACT_ID ? "compact" : "binary";
}

/** The id and version 1, with a message type from 1 to 4 above it. */
function isCompact(view: DataView, at: number): boolean {
  if (view.getUint8(at) !== COMPACT_ID) return false;
  const second = view.getUint8(at + 1);
  const type = second >> 5;
  return (second & 0x1f) === 1 && type >= 1 && type <= 4;
}

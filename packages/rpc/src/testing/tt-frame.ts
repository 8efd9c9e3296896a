/**
 * TTHeader frames made and taken apart by the letter of the format, for tests: nothing here is
 * shared with wire/ttheader.ts, so that a mistake there cannot hide behind the same mistake here.
 */

export interface TtFrame {
  readonly sequenceId: number;
  readonly flags: number;
  readonly protocol: number;
  readonly integers: ReadonlyMap<number, string>;
  readonly strings: ReadonlyMap<string, string>;
  readonly aclToken: string | undefined;
  readonly payload: Buffer;
}

/** The whole frame, its length first; blocks in the order in which Kitex writes them. */
export function ttFrame(parts: Partial<TtFrame>): Buffer {
  const { aclToken } = parts;
  const integers = parts.integers ?? new Map<number, string>();
  const strings = parts.strings ?? new Map<string, string>();
  const blocks: Buffer[] = [Buffer.from([parts.protocol ?? 0, 0])];
  if (aclToken !== undefined) blocks.push(Buffer.from([0x11]), text(aclToken));
  if (strings.size > 0) {
    blocks.push(Buffer.from([0x01]), uint16(strings.size));
    for (const [name, value] of strings) blocks.push(text(name), text(value));
  }
  if (integers.size > 0) {
    blocks.push(Buffer.from([0x10]), uint16(integers.size));
    for (const [key, value] of integers) blocks.push(uint16(key), text(value));
  }
  return ttFrameOfInfo(parts, Buffer.concat(blocks));
}

/** The same around any header info, also one that no writer would write. */
export function ttFrameOfInfo(parts: Partial<TtFrame>, info: Uint8Array): Buffer {
  const padded = Buffer.concat([info, Buffer.alloc((4 - (info.length % 4)) % 4)]);
  const payload = parts.payload ?? Buffer.alloc(0);
  const head = Buffer.alloc(14);
  head.writeUInt32BE(10 + padded.length + payload.length, 0);
  head.writeUInt16BE(0x1000, 4);
  head.writeUInt16BE(parts.flags ?? 0, 6);
  head.writeInt32BE(parts.sequenceId ?? 0, 8);
  head.writeUInt16BE(padded.length / 4, 12);
  return Buffer.concat([head, padded, payload]);
}

/** Takes a whole frame apart; throws when it is not one. */
export function parseTtFrame(frame: Buffer): TtFrame {
  if (frame.readUInt32BE(0) !== frame.length - 4) throw new Error("the length is not the frame's");
  if (frame.readUInt16BE(4) !== 0x1000) throw new Error("no TTHeader magic");
  const infoEnd = 14 + frame.readUInt16BE(12) * 4;
  const integers = new Map<number, string>();
  const strings = new Map<string, string>();
  let aclToken: string | undefined;
  let at = 16;
  const number = (): number => {
    at += 2;
    return frame.readUInt16BE(at - 2);
  };
  const words = (): string => {
    const length = number();
    at += length;
    if (at > infoEnd) throw new Error("a text longer than the header info");
    return frame.toString("utf8", at - length, at);
  };
  while (at < infoEnd) {
    const block = frame[at++];
    if (block === 0x01) for (let left = number(); left > 0; left--) strings.set(words(), words());
    else if (block === 0x10) {
      for (let left = number(); left > 0; left--) integers.set(number(), words());
    } else if (block === 0x11) aclToken = words();
    else if (block !== 0) throw new Error(`info block ${block}`);
  }
  return {
    sequenceId: frame.readInt32BE(8),
    flags: frame.readUInt16BE(6),
    protocol: frame[14]!,
    integers,
    strings,
    aclToken,
    payload: frame.subarray(infoEnd),
  };
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

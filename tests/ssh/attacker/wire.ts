/** The data types of SSH (RFC 4251, 5), once more: an attacker uses no code of ours. */

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Of a number that is not negative. */
export function mpint(value: Uint8Array): Buffer {
  let start = 0;
  while (start < value.length && value[start] === 0) start++;
  const digits = value.subarray(start);
  const sign = digits.length > 0 && digits[0]! >= 0x80 ? [0] : [];
  return string(Buffer.concat([Buffer.from(sign), digits]));
}

/** A message: its number, and its fields as they are. */
export function message(number: number, ...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(number), ...fields]);
}

/** Reads fields one after the other; throws at the end of the bytes. */
export class Fields {
  private readonly bytes: Buffer;
  private at: number;

  constructor(bytes: Buffer, at = 1) {
    this.bytes = bytes;
    this.at = at;
  }

  uint32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }

  string(): Buffer {
    const length = this.uint32();
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError("a string that is too long");
    return this.bytes.subarray(this.at - length, this.at);
  }
}

export const yes = Buffer.of(1);
export const no = Buffer.of(0);

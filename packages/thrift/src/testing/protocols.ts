/** Both protocols for tests that hold in either; bytes are written as hex. */
import { BinaryReader } from "../protocol/binary-reader.ts";
import { BinaryWriter } from "../protocol/binary-writer.ts";
import { bytesOf } from "../protocol/buffers.ts";
import { CompactReader } from "../protocol/compact-reader.ts";
import { CompactWriter } from "../protocol/compact-writer.ts";

export type Reader = BinaryReader | CompactReader;
export type Writer = BinaryWriter | CompactWriter;

export const PROTOCOLS = {
  Binary: {
    writer: (): Writer => new BinaryWriter(8),
    reader: (hex: string): Reader => new BinaryReader(bytesOf(fromHex(hex))),
  },
  Compact: {
    writer: (): Writer => new CompactWriter(8),
    reader: (hex: string): Reader => new CompactReader(bytesOf(fromHex(hex))),
  },
} as const;
export type Protocol = keyof typeof PROTOCOLS;

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

/** What is written, with room for values of fixed size from the start. */
export function written(protocol: Protocol, write: (output: Writer) => void): string {
  const output = PROTOCOLS[protocol].writer();
  output.reserve(0);
  write(output);
  return output.buffer.subarray(0, output.offset).toString("hex");
}

export const PROTOCOL_NAMES = ["Binary", "Compact"] as const satisfies readonly Protocol[];

/** Enough bytes for the elements that a count promises, and for varints read at once. */
export const PADDING = "00".repeat(16);

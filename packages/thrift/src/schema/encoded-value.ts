/**
 * A value whose bytes in Thrift Binary exist already, or are cheaper to write than to make objects
 * of: a handler may answer with one in place of the value itself. To a peer that speaks Binary the
 * bytes go as they are; for others they are read into the value first.
 */
import { BinaryWriter } from "../protocol/binary-writer.ts";

export abstract class EncodedValue {
  /** Writes the value, whole and as its codec would; may be called more than once. */
  abstract write(output: BinaryWriter): void;

  /** The bytes alone, in memory of their own. */
  toBytes(): Uint8Array {
    const output = new BinaryWriter();
    this.write(output);
    return output.buffer.subarray(0, output.offset);
  }
}

/**
 * ⑦ One message in its frame, behind what already stands in a connection's output; nothing of it
 * stays there when it cannot be written whole. Calls and replies are written alike.
 */
import { ServiceError } from "@holdfast/core";
import {
  BinaryReader,
  type BinaryWriter,
  bytesOf,
  type Codec,
  CompactWriter,
  EncodedValue,
  type MessageType,
  writeBinaryHeader,
  writeCompactHeader,
} from "@holdfast/thrift";
import type { Framing, ProtocolName } from "./framing.ts";
import { patchFrameLength } from "./ttheader.ts";

/** What a message carries: a struct, or a struct with one field, or an empty one. */
export interface MessageBody {
  readonly type: MessageType;
  /** The method's name as bytes. */
  readonly name: Uint8Array;
  readonly sequenceId: number;
  /** The one field's key; 0 when the codec writes the whole struct. */
  readonly key: number;
  /** Undefined for the empty struct. */
  readonly codec: Codec<unknown> | undefined;
  readonly value: unknown;
}

export class MessageWriter {
  private readonly frameMaxBytes: number;
  private readonly compact = new CompactWriter();

  constructor(frameMaxBytes: number) {
    this.frameMaxBytes = frameMaxBytes;
  }

  /**
   * `writeHeader` writes the TTHeader, and is called for that framing only; `subject` is what it
   * is about, so that a function made once will do.
   */
  write<Subject>(
    output: BinaryWriter,
    framing: Framing,
    protocol: ProtocolName,
    body: MessageBody,
    writeHeader: (output: BinaryWriter, sequenceId: number, subject: Subject) => void,
    subject: Subject,
  ): void {
    const start = output.offset;
    try {
      if (framing === "ttheader") writeHeader(output, body.sequenceId, subject);
      else if (framing === "framed") {
        output.reserve(4);
        output.offset += 4;
      }
      if (protocol === "binary") writeBinary(output, body);
      else this.writeCompact(output, body);
      const size = output.offset - start;
      if (size > this.frameMaxBytes) throw tooLarge(size, this.frameMaxBytes);
      if (framing !== "buffered") patchFrameLength(output, start);
    } catch (error) {
      output.offset = start;
      throw error;
    }
  }

  private writeCompact(output: BinaryWriter, body: MessageBody): void {
    const { compact } = this;
    const { codec, key } = body;
    compact.reset();
    writeCompactHeader(compact, body.type, body.name, body.sequenceId);
    const value = codec === undefined ? undefined : decoded(codec, body.value);
    if (key === 0 && codec !== undefined) codec.writeCompact(compact, value);
    else {
      compact.enterStruct();
      if (codec !== undefined) {
        compact.writeField(key);
        codec.writeCompact(compact, value);
      }
      compact.writeStop();
      compact.leaveStruct();
    }
    output.writeRaw(compact.buffer, 0, compact.offset);
  }
}

function writeBinary(output: BinaryWriter, body: MessageBody): void {
  const { codec, key, value } = body;
  writeBinaryHeader(output, body.type, body.name, body.sequenceId);
  if (codec !== undefined) {
    if (key !== 0) output.writeField(key);
    if (value instanceof EncodedValue) value.write(output);
    else codec.writeBinary(output, value);
    if (key === 0) return;
  }
  output.writeStop();
}

/** What a handler left in Binary is read once more for a peer that speaks Compact. */
function decoded(codec: Codec<unknown>, value: unknown): unknown {
  if (!(value instanceof EncodedValue)) return value;
  const scratch = value.toBytes();
  return codec.readBinary(new BinaryReader(bytesOf(scratch)));
}

function tooLarge(size: number, max: number): ServiceError {
  const message = `a message of ${size} bytes, at most ${max} are allowed`;
  return new ServiceError("too-large", message);
}

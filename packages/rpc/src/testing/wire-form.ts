/** Every form in which a message may stand on a connection, and messages in it, for tests. */
import {
  BinaryReader,
  BinaryWriter,
  bytesOf,
  CompactReader,
  CompactWriter,
  emptyMessageHeader,
  MESSAGE,
  type MessageType,
  readBinaryHeader,
  readCompactHeader,
  StructScanner,
  writeBinaryHeader,
  writeCompactHeader,
} from "@holdfast/thrift";
import type { Framing, ProtocolName } from "../wire/framing.ts";
import { parseTtFrame, type TtFrame, ttFrame } from "./tt-frame.ts";

export interface WireForm {
  readonly name: string;
  readonly framing: Framing;
  readonly protocol: ProtocolName;
  /** Binary without a version, as the first Thrift spoke it. */
  readonly old: boolean;
}

export const WIRE_FORMS: readonly WireForm[] = (
  ["ttheader", "framed", "buffered"] as const
).flatMap((framing) => [
  { name: `${framing} binary`, framing, protocol: "binary", old: false } as const,
  { name: `${framing} compact`, framing, protocol: "compact", old: false } as const,
  { name: `${framing} old binary`, framing, protocol: "binary", old: true } as const,
]);

/** The form by the name that its test shows. */
export function wireForm(name: string): WireForm {
  const found = WIRE_FORMS.find((form) => form.name === name);
  if (found === undefined) throw new Error(`no wire form ${name}`);
  return found;
}

export type StructWriter = (output: BinaryWriter | CompactWriter) => void;

export interface MessageToSend {
  readonly type?: number;
  readonly name: string;
  readonly sequenceId: number;
  /** Writes the struct of arguments or of the result; default the empty struct. */
  readonly body?: StructWriter;
  /** What the TTHeader says beside the message. */
  readonly header?: Partial<TtFrame>;
}

/** A struct with the fields that `fields` writes. */
export function structOf(fields: StructWriter): StructWriter {
  return (output) => {
    output.enterStruct();
    fields(output);
    output.writeStop();
    output.leaveStruct();
  };
}

/** The message alone, without a frame. */
export function encodeMessage(form: WireForm, message: MessageToSend): Buffer {
  const { name, sequenceId, body = structOf(() => undefined) } = message;
  const type = (message.type ?? MESSAGE.call) as MessageType;
  if (form.protocol === "compact") {
    const output = new CompactWriter();
    writeCompactHeader(output, type, Buffer.from(name), sequenceId);
    body(output);
    return Buffer.from(output.buffer.subarray(0, output.offset));
  }
  const output = new BinaryWriter();
  if (form.old) {
    output.writeString(name);
    output.writeByte(type);
    output.writeI32(sequenceId);
  } else writeBinaryHeader(output, type, Buffer.from(name), sequenceId);
  body(output);
  return Buffer.from(output.buffer.subarray(0, output.offset));
}

/** The message as it stands on the connection. */
export function encodeFrame(form: WireForm, message: MessageToSend): Buffer {
  return frameAround(form, encodeMessage(form, message), {
    sequenceId: message.sequenceId,
    ...message.header,
  });
}

export function frameAround(
  form: WireForm,
  payload: Buffer,
  header: Partial<TtFrame> = {},
): Buffer {
  if (form.framing === "buffered") return payload;
  if (form.framing === "ttheader") return ttFrame({ ...header, payload });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

/** A message that came, its body not read yet. */
export interface MessageSeen {
  readonly type: number;
  readonly name: string;
  readonly sequenceId: number;
  /** Undefined without TTHeader. */
  readonly header: TtFrame | undefined;
  /** A reader at the struct, of the protocol it came in. */
  readonly reader: BinaryReader | CompactReader;
}

/** The whole messages at the beginning of `bytes`, and the rest. A frame alone has type 0. */
export function splitMessages(
  form: WireForm,
  bytes: Buffer,
): { readonly messages: MessageSeen[]; readonly rest: Buffer } {
  const messages: MessageSeen[] = [];
  let rest = bytes;
  for (;;) {
    const size = frameSize(form, rest);
    if (size === undefined || size > rest.length) return { messages, rest };
    // A copy: what is looked at later must not change when more comes.
    messages.push(decodeFrame(form, Buffer.from(rest.subarray(0, size))));
    rest = rest.subarray(size);
  }
}

function frameSize(form: WireForm, bytes: Buffer): number | undefined {
  if (form.framing === "buffered") {
    if (bytes.length === 0) return undefined;
    const scanner = new StructScanner({ messageMaxBytes: 1024 ** 3 });
    return scanner.scan(bytesOf(bytes), 0, bytes.length);
  }
  return bytes.length < 4 ? undefined : bytes.readUInt32BE(0) + 4;
}

function decodeFrame(form: WireForm, frame: Buffer): MessageSeen {
  if (form.framing === "buffered") return decodeMessage(frame, undefined);
  if (form.framing === "framed") return decodeMessage(frame.subarray(4), undefined);
  const header = parseTtFrame(frame);
  return decodeMessage(header.payload, header);
}

function decodeMessage(payload: Buffer, header: TtFrame | undefined): MessageSeen {
  const head = emptyMessageHeader();
  const compact = payload[0] === 0x82;
  const reader = compact ? new CompactReader(bytesOf(payload)) : new BinaryReader(bytesOf(payload));
  if (payload.length === 0) return { type: 0, name: "", sequenceId: 0, header, reader };
  if (reader.protocol === "compact") readCompactHeader(reader, head);
  else readBinaryHeader(reader, head);
  const { type, sequenceId } = head;
  return {
    type,
    name: payload.toString("utf8", head.nameStart, head.nameEnd),
    sequenceId,
    header,
    reader,
  };
}

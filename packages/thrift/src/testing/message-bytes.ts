/** Messages for tests: whole ones of any content, and any bytes that are hardly one. */
import fc from "fast-check";
import { writeBinaryHeader, writeCompactHeader } from "../message/message-header.ts";
import { BinaryWriter } from "../protocol/binary-writer.ts";
import { CompactWriter } from "../protocol/compact-writer.ts";
import { MESSAGE } from "../protocol/types.ts";
import { DynamicCodecs } from "../schema/dynamic-codec.ts";
import { EverythingOfTypes } from "./everything-of-types.ts";
import { anyStruct } from "./value-arbitrary.ts";

export const MESSAGE_FORMS = ["binary", "old binary", "compact"] as const;
export type MessageForm = (typeof MESSAGE_FORMS)[number];

const CODEC = new DynamicCodecs().structCodec(EverythingOfTypes);

/** A call of method `name` with this value of EverythingOfTypes as its body. */
export function messageBytes(form: MessageForm, name: string, value: unknown): Buffer {
  const nameBytes = Buffer.from(name);
  if (form === "compact") {
    const output = new CompactWriter(16);
    writeCompactHeader(output, MESSAGE.call, nameBytes, 7);
    CODEC.writeCompact(output, value);
    return Buffer.from(output.buffer.subarray(0, output.offset));
  }
  const output = new BinaryWriter(16);
  if (form === "binary") {
    writeBinaryHeader(output, MESSAGE.call, nameBytes, 7);
  } else {
    output.writeBinary(nameBytes);
    output.writeByte(MESSAGE.call);
    output.writeI32(7);
  }
  CODEC.writeBinary(output, value);
  return Buffer.from(output.buffer.subarray(0, output.offset));
}

export const ANY_BODY: fc.Arbitrary<unknown> = anyStruct(EverythingOfTypes);

export function anyMessage(form: MessageForm): fc.Arbitrary<Buffer> {
  const name = fc.string({ maxLength: 20 });
  return fc.tuple(name, ANY_BODY).map(([text, body]) => messageBytes(form, text, body));
}

/** Random bytes, messages with some bytes changed, and such bytes put together. */
export function hardlyMessage(form: MessageForm): fc.Arbitrary<Buffer> {
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const changes = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 });
  const changed = fc.tuple(anyMessage(form), changes, fc.nat(30)).map(([message, list, cut]) => {
    const bytes = Buffer.from(message);
    for (const [at, value] of list) bytes[at % bytes.length] = value;
    return bytes.subarray(0, Math.max(0, bytes.length - cut));
  });
  return fc.oneof(random, changed, changed);
}

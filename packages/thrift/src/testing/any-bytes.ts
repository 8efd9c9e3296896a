/** What reading any bytes may do: give a value, or a ServiceError; for tests and fuzz. */
import assert from "node:assert/strict";
import { ServiceError } from "@holdfast/core";
import {
  emptyMessageHeader,
  readBinaryHeader,
  readCompactHeader,
} from "../message/message-header.ts";
import { BinaryReader } from "../protocol/binary-reader.ts";
import { bytesOf } from "../protocol/buffers.ts";
import { CompactReader } from "../protocol/compact-reader.ts";
import { StructScanner } from "../protocol/struct-scanner.ts";
import { DynamicCodecs } from "../schema/dynamic-codec.ts";
import { EverythingOfTypes } from "./everything-of-types.ts";
import type { MessageForm } from "./message-bytes.ts";

const CODEC = new DynamicCodecs().structCodec(EverythingOfTypes);

/** Reads a whole message, and the same bytes as a struct that is not known. */
export function checkReaders(form: MessageForm, bytes: Buffer): void {
  // In a larger memory: what is behind the end must not be read.
  const memory = bytesOf(Buffer.concat([bytes, Buffer.alloc(64, 1)]));
  if (form === "compact") {
    const input = new CompactReader(memory, 0, bytes.length);
    givesUpInOrder(() => {
      readCompactHeader(input, emptyMessageHeader());
      CODEC.readCompact(input);
    });
    input.reset(memory, 0, bytes.length);
    givesUpInOrder(() => input.skipStruct());
    assert.ok(input.offset >= 0);
    return;
  }
  const input = new BinaryReader(memory, 0, bytes.length);
  givesUpInOrder(() => {
    readBinaryHeader(input, emptyMessageHeader());
    CODEC.readBinary(input);
  });
  input.reset(memory, 0, bytes.length);
  givesUpInOrder(() => input.skipStruct());
}

/** Scans the bytes in pieces that end at `cuts`; nothing keeps it from an end or an error. */
export function checkScanner(bytes: Buffer, cuts: readonly number[]): void {
  const memory = bytesOf(bytes);
  const scanner = new StructScanner({ messageMaxBytes: 4096 });
  givesUpInOrder(() => {
    for (const cut of [
      ...cuts.map((each) => Math.floor(each * bytes.length)),
      bytes.length,
    ].toSorted((one, other) => one - other)) {
      const end = scanner.scan(memory, 0, cut);
      if (end === undefined) continue;
      assert.ok(end > 0 && end <= cut);
      return;
    }
  });
}

function givesUpInOrder(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    assert.ok(error.code === "protocol" || error.code === "too-large", error.code);
    assert.ok(error.message.length < 500, error.message);
  }
}

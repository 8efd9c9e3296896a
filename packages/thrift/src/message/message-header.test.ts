import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryReader } from "../protocol/binary-reader.ts";
import { BinaryWriter } from "../protocol/binary-writer.ts";
import { bytesOf } from "../protocol/buffers.ts";
import { CompactReader } from "../protocol/compact-reader.ts";
import { CompactWriter } from "../protocol/compact-writer.ts";
import { MESSAGE } from "../protocol/types.ts";
import {
  emptyMessageHeader,
  type MessageHeader,
  readBinaryHeader,
  readCompactHeader,
  writeBinaryHeader,
  writeCompactHeader,
} from "./message-header.ts";

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

function readBinary(hex: string): MessageHeader {
  const header = emptyMessageHeader();
  readBinaryHeader(new BinaryReader(bytesOf(fromHex(hex))), header);
  return header;
}

function readCompact(hex: string): MessageHeader {
  const header = emptyMessageHeader();
  readCompactHeader(new CompactReader(bytesOf(fromHex(hex))), header);
  return header;
}

const NAME = Buffer.from("get");

describe("the head of a message", () => {
  it("is version, type, name and sequence id in Binary", () => {
    const output = new BinaryWriter();
    writeBinaryHeader(output, MESSAGE.call, NAME, -2);
    const hex = output.buffer.subarray(0, output.offset).toString("hex");
    assert.equal(hex, "8001000100000003676574fffffffe");
    assert.deepEqual(readBinary(hex), { type: 1, sequenceId: -2, nameStart: 8, nameEnd: 11 });
  });

  it("is name, type and sequence id in Binary before versions", () => {
    const header = readBinary("00000003 676574 04 00000007");
    assert.deepEqual(header, { type: 4, sequenceId: 7, nameStart: 4, nameEnd: 7 });
  });

  it("is protocol, version and type, sequence id and name in Compact", () => {
    const output = new CompactWriter();
    writeCompactHeader(output, MESSAGE.reply, NAME, 300);
    const hex = output.buffer.subarray(0, output.offset).toString("hex");
    assert.equal(hex, "8241ac0203676574");
    assert.deepEqual(readCompact(hex), { type: 2, sequenceId: 300, nameStart: 5, nameEnd: 8 });
  });

  it("carries every sequence id in Compact", () => {
    for (const sequenceId of [0, 1, 127, 128, 2147483647, -1, -2147483648]) {
      const output = new CompactWriter();
      writeCompactHeader(output, MESSAGE.exception, NAME, sequenceId);
      const hex = output.buffer.subarray(0, output.offset).toString("hex");
      assert.equal(readCompact(hex).sequenceId, sequenceId);
    }
  });

  it("is refused with another version, an unknown type, or a name that cannot be", () => {
    const protocol = { code: "protocol" };
    for (const hex of [
      "80020001 00000000 00000000",
      "80010005 00000000 00000000",
      "80010001 00000401 00000000",
      "80010001 ffffffff 00000000",
      "80010001 00000003 6765",
      "00000003 676574 00 00000007",
    ]) {
      assert.throws(() => readBinary(hex), protocol, hex);
    }
    for (const hex of [
      "8041",
      "8222 00 00",
      "8201 00 00",
      "82a1 00 00",
      "8221 00 8108",
      "8221 00 05 61",
    ]) {
      assert.throws(() => readCompact(hex), protocol, hex);
    }
  });
});

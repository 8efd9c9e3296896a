import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ERROR_CODES, ServiceError } from "@holdfast/core";
import { BinaryReader } from "../protocol/binary-reader.ts";
import { BinaryWriter } from "../protocol/binary-writer.ts";
import { bytesOf } from "../protocol/buffers.ts";
import { CompactReader } from "../protocol/compact-reader.ts";
import { CompactWriter } from "../protocol/compact-writer.ts";
import { TYPE } from "../protocol/types.ts";
import { ApplicationExceptionCodec } from "./application-exception.ts";

function overBinary(error: ServiceError): ServiceError {
  const output = new BinaryWriter();
  ApplicationExceptionCodec.writeBinary(output, error);
  return ApplicationExceptionCodec.readBinary(new BinaryReader(bytesOf(output.buffer)));
}

function overCompact(error: ServiceError): ServiceError {
  const output = new CompactWriter();
  ApplicationExceptionCodec.writeCompact(output, error);
  return ApplicationExceptionCodec.readCompact(new CompactReader(bytesOf(output.buffer)));
}

describe("an application exception", () => {
  it("carries code, message and what may be done next between our own, in both protocols", () => {
    for (const code of ERROR_CODES) {
      const options = { workStarted: "yes", retryable: true, retryAfterMs: 20 } as const;
      const error = new ServiceError(code, "said so", options);
      for (const read of [overBinary(error), overCompact(error)]) {
        assert.deepEqual(
          [read.code, read.message, read.workStarted, read.retryable, read.retryAfterMs],
          [code, "said so", "yes", true, 20],
        );
      }
    }
  });

  it("has the code of its type when it comes from a peer that knows no codes", () => {
    // message "no", type 1: unknown method.
    const hex = "0b0001000000026e6f08000200000001 00".replace(" ", "");
    const input = new BinaryReader(bytesOf(Buffer.from(hex, "hex")));
    const read = ApplicationExceptionCodec.readBinary(input);
    assert.deepEqual([read.code, read.message, read.workStarted], ["not-found", "no", "maybe"]);
  });

  it("has nothing of ours but what is skipped without a look at it", () => {
    // Kitex looks for the length of a field that it does not know in the wrong place.
    const output = new BinaryWriter();
    const options = { retryable: true, retryAfterMs: 20 } as const;
    ApplicationExceptionCodec.writeBinary(output, new ServiceError("overloaded", "no", options));
    const input = new BinaryReader(bytesOf(output.buffer));
    const types: number[] = [];
    input.enterStruct();
    for (let key = input.readField(); key !== 0; key = input.readField()) {
      types.push(key >> 16);
      input.skipField(key);
    }
    const { string, i32, byte, bool } = TYPE;
    assert.deepEqual(types, [string, i32, i32, byte, bool, i32]);
  });

  it("has the code of its type when the code is of a newer peer of ours", () => {
    // type 1, code 999.
    const hex = "08000200000001" + "081001000003e7" + "00";
    const input = new BinaryReader(bytesOf(Buffer.from(hex, "hex")));
    assert.equal(ApplicationExceptionCodec.readBinary(input).code, "not-found");
  });
});

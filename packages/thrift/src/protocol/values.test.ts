import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  PADDING,
  type Protocol,
  PROTOCOL_NAMES,
  PROTOCOLS,
  type Reader,
  type Writer,
  written,
} from "../testing/protocols.ts";
import { TYPE } from "./types.ts";

interface Vector {
  readonly what: string;
  readonly write: (output: Writer) => void;
  readonly read: (input: Reader) => unknown;
  readonly value: unknown;
  readonly bytes: Readonly<Record<Protocol, string>>;
}

function vector<Value>(
  what: string,
  value: Value,
  write: (output: Writer, value: Value) => void,
  read: (input: Reader) => Value,
  bytes: Readonly<Record<Protocol, string>>,
): Vector {
  return { what, value, write: (output) => write(output, value), read, bytes };
}

const i32 = (value: number, binary: string, compact: string): Vector =>
  vector(
    `i32 ${value}`,
    value,
    (output, own) => output.writeI32(own),
    (input) => input.readI32(),
    { Binary: binary, Compact: compact },
  );

const i64 = (value: bigint, binary: string, compact: string): Vector =>
  vector(
    `i64 ${value}`,
    value,
    (output, own) => output.writeI64(own),
    (input) => input.readI64(),
    { Binary: binary, Compact: compact },
  );

/** After the specifications of Apache Thrift; the zigzag examples are theirs. */
const VECTORS: readonly Vector[] = [
  vector(
    "bool",
    true,
    (output, value) => output.writeBool(value),
    (input) => input.readBool(),
    { Binary: "01", Compact: "01" },
  ),
  vector(
    "byte",
    -2,
    (output, value) => output.writeByte(value),
    (input) => input.readByte(),
    { Binary: "fe", Compact: "fe" },
  ),
  vector(
    "i16",
    -300,
    (output, value) => output.writeI16(value),
    (input) => input.readI16(),
    { Binary: "fed4", Compact: "d704" },
  ),
  i32(0, "00000000", "00"),
  i32(-1, "ffffffff", "01"),
  i32(1, "00000001", "02"),
  i32(-2, "fffffffe", "03"),
  // Zigzag makes 50399 of it, the example of the specification.
  i32(-25200, "ffff9d90", "df8903"),
  i32(2147483647, "7fffffff", "feffffff0f"),
  i32(-2147483648, "80000000", "ffffffff0f"),
  i64(-1n, "ffffffffffffffff", "01"),
  i64(1n << 27n, "0000000008000000", "8080808001"),
  i64(1n << 34n, "0000000400000000", "808080808001"),
  i64((1n << 63n) - 1n, "7fffffffffffffff", "feffffffffffffffff01"),
  i64(-(1n << 63n), "8000000000000000", "ffffffffffffffffff01"),
  vector(
    "i64 as a number",
    -9007199254740991,
    (output, value) => output.writeI64FromNumber(value),
    (input) => input.readI64AsNumber(),
    { Binary: "ffe0000000000001", Compact: "fdffffffffffff1f" },
  ),
  vector(
    "double",
    -2.5,
    (output, value) => output.writeDouble(value),
    (input) => input.readDouble(),
    { Binary: "c004000000000000", Compact: "00000000000004c0" },
  ),
  vector(
    "string",
    "h\u00e9",
    (output, value) => output.writeString(value),
    (input) => input.readString(),
    { Binary: "0000000368c3a9", Compact: "0368c3a9" },
  ),
  vector(
    "binary",
    Uint8Array.of(0, 255) as Uint8Array,
    (output, value) => output.writeBinary(value),
    (input) => input.readBinary(),
    { Binary: "0000000200ff", Compact: "0200ff" },
  ),
  vector(
    "uuid",
    "00112233-4455-6677-8899-aabbccddeeff",
    (output, value) => output.writeUuid(value),
    (input) => input.readUuid(),
    {
      Binary: "00112233445566778899aabbccddeeff",
      Compact: "00112233445566778899aabbccddeeff",
    },
  ),
  vector(
    "a short list",
    2,
    (output, count) => output.writeList(TYPE.i32, count),
    (input) => input.readList(TYPE.i32),
    { Binary: "0800000002", Compact: "25" },
  ),
  vector(
    "an empty map",
    0,
    (output, count) => output.writeMap(TYPE.string, TYPE.bool, count),
    (input) => input.readMap(TYPE.string, TYPE.bool),
    { Binary: "0b0200000000", Compact: "00" },
  ),
];

for (const protocol of PROTOCOL_NAMES) {
  describe(protocol, () => {
    for (const { what, write, read, value, bytes } of VECTORS) {
      it(`writes and reads ${what} as the specification says`, () => {
        assert.equal(written(protocol, write), bytes[protocol]);
        const input = PROTOCOLS[protocol].reader(bytes[protocol] + PADDING);
        assert.deepStrictEqual(read(input), value);
        assert.equal(input.offset, bytes[protocol].length / 2);
        // And where every byte has to be asked for.
        if (typeof value !== "number" || !what.includes("list")) {
          assert.deepStrictEqual(read(PROTOCOLS[protocol].reader(bytes[protocol])), value);
        }
      });
    }

    it("reads back any number, text and bytes", () => {
      const text = fc.string({ unit: "binary", maxLength: 400 });
      fc.assert(
        fc.property(
          fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
          fc.maxSafeInteger(),
          fc.integer(),
          fc.double(),
          text,
          fc.uint8Array(),
          (big, safe, small, double, string, binary) => {
            const hex = written(protocol, (output) => {
              output.writeI64(big);
              output.writeI64FromNumber(safe);
              output.writeI32(small);
              output.writeDouble(double);
              output.writeString(string);
              output.writeBinary(binary);
            });
            const input = PROTOCOLS[protocol].reader(hex);
            assert.equal(input.readI64(), big);
            assert.equal(input.readI64AsNumber(), safe);
            assert.equal(input.readI32(), small);
            assert.ok(Object.is(input.readDouble(), double));
            assert.equal(input.readString(), string);
            assert.deepEqual(input.readBinary(), binary);
            assert.equal(input.offset, input.end);
          },
        ),
        { numRuns: 500 },
      );
    });
  });
}

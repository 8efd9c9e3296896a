import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BinaryReader } from "./binary-reader.ts";
import { BinaryWriter } from "./binary-writer.ts";
import { bytesOf } from "./buffers.ts";
import { CompactReader } from "./compact-reader.ts";
import { CompactWriter } from "./compact-writer.ts";
import { fieldKey, TYPE, type TypeCode } from "./types.ts";

type Reader = BinaryReader | CompactReader;
type Writer = BinaryWriter | CompactWriter;

const PROTOCOLS = {
  Binary: {
    writer: (): Writer => new BinaryWriter(8),
    reader: (hex: string): Reader => new BinaryReader(bytesOf(fromHex(hex))),
  },
  Compact: {
    writer: (): Writer => new CompactWriter(8),
    reader: (hex: string): Reader => new CompactReader(bytesOf(fromHex(hex))),
  },
} as const;
type Protocol = keyof typeof PROTOCOLS;

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

function written(protocol: Protocol, write: (output: Writer) => void): string {
  const output = PROTOCOLS[protocol].writer();
  output.reserve(0);
  write(output);
  return output.buffer.subarray(0, output.offset).toString("hex");
}

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

/** Enough bytes for the elements that a count promises. */
const PADDING = "00".repeat(16);

for (const protocol of ["Binary", "Compact"] as const) {
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

    it("gives a field the same key in both protocols, whatever the order of the ids", () => {
      const ids = fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 20 });
      fc.assert(
        fc.property(ids, fc.boolean(), (list, value) => {
          const hex = written(protocol, (output) => {
            output.enterStruct();
            for (const id of list) {
              output.reserve(0);
              output.writeField(fieldKey(id % 2 === 0 ? TYPE.bool : TYPE.byte, id));
              if (id % 2 === 0) output.writeBool(value);
              else output.writeByte(5);
            }
            output.writeStop();
            output.leaveStruct();
          });
          const input = PROTOCOLS[protocol].reader(hex);
          input.enterStruct();
          for (const id of list) {
            const type = id % 2 === 0 ? TYPE.bool : TYPE.byte;
            assert.equal(input.readField(), fieldKey(type, id));
            if (id % 2 === 0) assert.equal(input.readBool(), value);
            else assert.equal(input.readByte(), 5);
          }
          assert.equal(input.readField(), 0);
          input.leaveStruct();
          assert.equal(input.offset, input.end);
        }),
      );
    });

    it("refuses to write what does not fit its type", () => {
      const refused: ((output: Writer) => void)[] = [
        (output) => output.writeByte(128),
        (output) => output.writeI16(-32769),
        (output) => output.writeI32(2147483648),
        (output) => output.writeI32(1.5),
        (output) => output.writeI32(Number.NaN),
        (output) => output.writeI64(1n << 63n),
        (output) => output.writeI64FromNumber(2 ** 53),
        (output) => output.writeUuid("00112233-4455-6677-8899-aabbccddeef"),
      ];
      for (const write of refused) {
        assert.throws(() => written(protocol, write), { name: "ServiceError", code: "invalid" });
      }
    });

    it("refuses an i64 that is no safe integer where a number is wanted", () => {
      const hex = written(protocol, (output) => output.writeI64((1n << 53n) + 1n));
      assert.throws(() => PROTOCOLS[protocol].reader(hex).readI64AsNumber(), {
        code: "protocol",
        message: "9007199254740993 is not a safe integer",
      });
    });

    it("refuses a string that is not UTF-8, and leaves binary alone", () => {
      const bytes = Uint8Array.of(0x61, 0xc3, 0x28);
      const hex = written(protocol, (output) => output.writeBinary(bytes));
      assert.throws(() => PROTOCOLS[protocol].reader(hex).readString(), /not UTF-8/);
      assert.deepEqual(PROTOCOLS[protocol].reader(hex).readBinary(), bytes);
      const replaced = written(protocol, (output) => output.writeString("\ufffd"));
      assert.equal(PROTOCOLS[protocol].reader(replaced).readString(), "\ufffd");
    });

    it("copies binary out of the memory that is read into next", () => {
      const hex = written(protocol, (output) => output.writeBinary(Uint8Array.of(1, 2)));
      const memory = bytesOf(fromHex(hex));
      const input = protocol === "Binary" ? new BinaryReader(memory) : new CompactReader(memory);
      const value = input.readBinary();
      memory.buffer.fill(0);
      assert.deepEqual(value, Uint8Array.of(1, 2));
    });

    it("reads nothing behind the end of the frame", () => {
      const reads: ((input: Reader) => unknown)[] = [
        (input) => input.readField(),
        (input) => input.readByte(),
        (input) => input.readI16(),
        (input) => input.readI32(),
        (input) => input.readI64(),
        (input) => input.readDouble(),
        (input) => input.readUuid(),
        (input) => input.readString(),
        (input) => input.readList(TYPE.i32),
        (input) => input.readMap(TYPE.i32, TYPE.i32),
        (input) => input.skipStruct(),
      ];
      for (const read of reads) {
        const input = PROTOCOLS[protocol].reader("ff".repeat(32));
        input.reset(bytesOf(Buffer.alloc(32, 0xff)), 16, 16);
        assert.throws(() => read(input), { code: "protocol", workStarted: "no" });
      }
    });

    it("refuses counts and lengths that the frame has no room for", () => {
      const promises: readonly (readonly [
        Readonly<Record<Protocol, string>>,
        (input: Reader) => void,
      ])[] = [
        [{ Binary: "7fffffff", Compact: "ffffffff07" }, (input) => input.readString()],
        [{ Binary: "ffffffff", Compact: "ffffffff0f" }, (input) => input.readBinary()],
        [
          { Binary: "0c 7fffffff", Compact: "fc ffffffff07" },
          (input) => input.readList(TYPE.struct),
        ],
        [
          { Binary: "0c ffffffff", Compact: "fc ffffffff0f" },
          (input) => input.readList(TYPE.struct),
        ],
        [{ Binary: "0a 00000002", Compact: "27" }, (input) => input.readList(codeOf(protocol))],
        [
          { Binary: "0b0c 00000003", Compact: "03 8c" },
          (input) => input.readMap(TYPE.string, TYPE.struct),
        ],
      ];
      for (const [bytes, read] of promises) {
        const input = PROTOCOLS[protocol].reader(`${bytes[protocol]} 0000`);
        assert.throws(() => read(input), { code: "protocol" });
      }
    });

    it("refuses containers of another type than theirs, but not empty ones", () => {
      const list = written(protocol, (output) => {
        output.writeList(TYPE.i32, 1);
        output.writeI32(0);
      });
      assert.throws(
        () => PROTOCOLS[protocol].reader(list).readList(TYPE.i64),
        /type 8, expected 10/,
      );
      const map = written(protocol, (output) => {
        output.writeMap(TYPE.byte, TYPE.byte, 1);
        output.writeI32(0);
      });
      const input = PROTOCOLS[protocol].reader(`${map}00000000000000000000`);
      assert.throws(() => input.readMap(TYPE.byte, TYPE.i16), /type 3 to 3, expected 3 to 6/);
      const empty = written(protocol, (output) => output.writeList(TYPE.i32, 0));
      assert.equal(PROTOCOLS[protocol].reader(empty).readList(TYPE.struct), 0);
    });

    it("passes over a value of every type", () => {
      for (const [type, write] of valuesOfTypes()) {
        const hex = written(protocol, (output) => {
          output.enterStruct();
          output.writeField(fieldKey(type, 1));
          write(output);
          output.reserve(0);
          output.writeField(fieldKey(TYPE.byte, 2));
          output.writeByte(7);
          output.writeStop();
          output.leaveStruct();
        });
        const input = PROTOCOLS[protocol].reader(hex);
        input.enterStruct();
        input.skipField(input.readField());
        assert.equal(input.readField(), fieldKey(TYPE.byte, 2), `behind type ${type}`);
        assert.equal(input.readByte(), 7);
        assert.equal(input.readField(), 0);
        input.leaveStruct();
        assert.equal(input.offset, input.end);
      }
    });

    it("refuses to pass over what nests deeper than 64", () => {
      const nest = (depth: number): string => {
        const head = protocol === "Binary" ? "0c0001" : "1c";
        return head.repeat(depth) + "00".repeat(depth + 1);
      };
      PROTOCOLS[protocol].reader(nest(63)).skipStruct();
      assert.throws(() => PROTOCOLS[protocol].reader(nest(64)).skipStruct(), /deeper than 64/);
      const lists = protocol === "Binary" ? "0f00000001" : "19";
      const head = protocol === "Binary" ? "0f0001" : "19";
      const input = PROTOCOLS[protocol].reader(head + lists.repeat(100) + "00".repeat(9));
      assert.throws(() => input.skipStruct(), /deeper than 64/);
    });

    it("begins anew after a message that was given up half-way", () => {
      const output = PROTOCOLS[protocol].writer();
      for (let round = 0; round < 100; round++) {
        output.enterStruct();
        output.writeField(fieldKey(TYPE.bool, 9));
        output.reset();
      }
      output.enterStruct();
      output.writeField(fieldKey(TYPE.byte, 1));
      output.writeByte(1);
      output.writeStop();
      output.leaveStruct();
      const expected = protocol === "Binary" ? "0300010100" : "130100";
      assert.equal(output.buffer.subarray(0, output.offset).toString("hex"), expected);
    });
  });
}

function codeOf(protocol: Protocol): TypeCode {
  return protocol === "Binary" ? TYPE.i64 : TYPE.double;
}

function valuesOfTypes(): [TypeCode, (output: Writer) => void][] {
  return [
    [TYPE.bool, (output) => output.writeBool(false)],
    [TYPE.byte, (output) => output.writeByte(1)],
    [TYPE.i16, (output) => output.writeI16(1000)],
    [TYPE.i32, (output) => output.writeI32(1_000_000)],
    [TYPE.i64, (output) => output.writeI64(1n << 60n)],
    [TYPE.double, (output) => output.writeDouble(1)],
    [TYPE.string, (output) => output.writeString("text")],
    [TYPE.uuid, (output) => output.writeUuid("00112233-4455-6677-8899-aabbccddeeff")],
    [
      TYPE.struct,
      (output) => {
        output.enterStruct();
        output.writeField(fieldKey(TYPE.bool, 100));
        output.writeBool(true);
        output.writeStop();
        output.leaveStruct();
      },
    ],
    [
      TYPE.list,
      (output) => {
        output.writeList(TYPE.string, 20);
        for (let index = 0; index < 20; index++) output.writeString("x");
      },
    ],
    [
      TYPE.set,
      (output) => {
        output.writeList(TYPE.bool, 2);
        output.writeBool(true);
        output.writeBool(false);
      },
    ],
    [
      TYPE.map,
      (output) => {
        output.writeMap(TYPE.i32, TYPE.double, 1);
        output.writeI32(5);
        output.writeDouble(5);
      },
    ],
  ];
}

describe("Compact", () => {
  it("has a head of one byte for ids near each other, and bools in the head", () => {
    const hex = written("Compact", (output) => {
      output.enterStruct();
      output.writeField(fieldKey(TYPE.bool, 1));
      output.writeBool(true);
      output.writeField(fieldKey(TYPE.bool, 16));
      output.writeBool(false);
      output.writeField(fieldKey(TYPE.i32, 32));
      output.writeI32(0);
      output.writeField(fieldKey(TYPE.byte, 31));
      output.writeByte(3);
      output.writeStop();
      output.leaveStruct();
    });
    assert.equal(hex, "11 f2 0540 00 033e 03 00".replaceAll(" ", ""));
  });

  it("reads the bools of containers as 1 and 2, and their type as 1 or 2", () => {
    for (const head of ["31", "32"]) {
      const input = PROTOCOLS.Compact.reader(`${head} 01 02 00`);
      assert.equal(input.readList(TYPE.bool), 3);
      assert.deepEqual(
        [input.readBool(), input.readBool(), input.readBool()],
        [true, false, false],
      );
    }
  });

  it("refuses varints that are too long or too large", () => {
    const eleven = "80808080808080808080 01";
    for (const padding of ["", PADDING]) {
      assert.throws(() => PROTOCOLS.Compact.reader(eleven + padding).readI64(), /longer than 10/);
      const wide = PROTOCOLS.Compact.reader(`ffffffffffffffffff 02${padding}`);
      assert.throws(() => wide.readI64(), /more than 64 bits/);
      const large = PROTOCOLS.Compact.reader(`ffffffff 1f${padding}`);
      assert.throws(() => large.readI32(), /does not fit 32 bits/);
    }
    assert.throws(() => PROTOCOLS.Compact.reader("808004").readI16(), /is not an i16/);
    assert.throws(() => PROTOCOLS.Compact.reader("80").readI32(), { code: "protocol" });
  });

  it("reads varints with needless bytes", () => {
    assert.equal(PROTOCOLS.Compact.reader("8200").readI32(), 1);
    assert.equal(PROTOCOLS.Compact.reader("82808080808080808000").readI64(), 1n);
  });

  it("refuses types that do not exist", () => {
    for (const head of ["10", "1e", "1f"]) {
      assert.throws(() => PROTOCOLS.Compact.reader(`${head}00`).readField(), /does not exist/);
    }
  });

  it("moves a text whose length in bytes has more digits than was guessed", () => {
    for (const text of ["\u00e9".repeat(100), "a".repeat(20_000), "\u20ac".repeat(6000)]) {
      const hex = written("Compact", (output) => output.writeString(text));
      assert.equal(PROTOCOLS.Compact.reader(hex).readString(), text);
    }
  });
});

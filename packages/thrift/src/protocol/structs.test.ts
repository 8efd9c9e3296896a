import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  fromHex,
  type Protocol,
  PROTOCOL_NAMES,
  PROTOCOLS,
  type Reader,
  type Writer,
  written,
} from "../testing/protocols.ts";
import { BinaryReader } from "./binary-reader.ts";
import { bytesOf } from "./buffers.ts";
import { CompactReader } from "./compact-reader.ts";
import { fieldKey, TYPE, type TypeCode } from "./types.ts";

for (const protocol of PROTOCOL_NAMES) {
  describe(protocol, () => {
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

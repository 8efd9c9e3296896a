import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BinaryReader,
  BinaryWriter,
  bytesOf,
  CompactReader,
  CompactWriter,
  emptyMessageHeader,
  MESSAGE,
  readBinaryHeader,
  readCompactHeader,
  StructScanner,
  writeBinaryHeader,
  writeCompactHeader,
} from "@holdfast/thrift";
import { type All, AllCodec, Color } from "./testdata/gen/apache.ts";

/** Written by github.com/apache/thrift v0.17.0, lib/go: a call "echo" with sequence id -77. */
const BINARY = [
  "80010001000000046563686fffffffb30200010102000200030003f9060004fed408000500011170",
  "0a00060000018bcfe56800040007c0040000000000000b00080000000668c3a96c6c6f0b00090000",
  "000300ff800f000a08000000100000000000000001ffffffff7fffffff8000000000000001000000",
  "02000000030000000400000005000000060000000700000008000000090000000a0000000b0e000b",
  "0b00000002000000016100000001620d000c0b0a00000001000000016b00000000000000050c000d",
  "080001ffffffff0b0002000000017802001401000f000e0c00000002080001ffffffff0b00020000",
  "000178020014010008000100000003000f000f0200000003010001080010000000050d00270b0b00",
  "0000000d0028080f00000001fffffffe0200000001010f002904000000013ff80000000000000f00",
  "2a0a0000001700000000000000000000000000000001ffffffffffffffff000000000000003f0000",
  "000000000040ffffffffffffffc0ffffffffffffffbf0000000000001fff00000000000020000000",
  "000000100000000000000020000000000000080000000000000010000000fffffffff00000000000",
  "00040000000000000008000000000000001cbe991a14ffffffe34166e5ec00800000000000000100",
  "00000000000040000000000000007fffffffffffffff80000000000000000200640000",
].join("");
const COMPACT = [
  "8221b3ffffff0f046563686f111213f914d70415e0c5081680a0abfef9621700000000000004c018",
  "0668c3a96c6c6f180300ff8019f510000201feffffff0fffffffff0f020406080a0c0e101214161a",
  "28016101621b0186016b0a1c1501180178012800192c15011801780128001506001931010201150a",
  "0b4e001b01590311011917000000000000f83f19f6170002017e80017f8101fe7f80800180808001",
  "8080800280808080018080808002ffffffff01808080808001808080808002a8e8c8e99707a7e8c8",
  "e9970780808080808080800180808080808080800280808080808080808001feffffffffffffffff",
  "01ffffffffffffffffff0102c80100",
].join("");

const INNER = { a: -1, b: "x", far: true };
const ALL: All = {
  t: true,
  f: false,
  b: -7,
  s: -300,
  i: 70000,
  l: 1700000000000n,
  d: -2.5,
  str: "h\u00e9llo",
  bin: Uint8Array.of(0, 255, 128),
  li: [0, 1, -1, 2147483647, -2147483648, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  ss: new Set(["a", "b"]),
  m: new Map([["k", 5n]]),
  inner: INNER,
  inners: [INNER, { a: 3, b: undefined, far: undefined }],
  bools: [true, false, true],
  color: Color.BLUE,
  deep: new Map([[-2, [true]]]),
  ds: [1.5],
  longs: [
    ...[0n, 1n, -1n, 63n, 64n, -64n, -65n, 8191n, 8192n],
    ...[20n, 21n, 27n, 28n].map((bits) => 1n << bits),
    -(1n << 28n),
    ...[34n, 35n].map((bits) => 1n << bits),
    ...[123456789012n, -123456789012n],
    ...[55n, 56n, 62n].map((bits) => 1n << bits),
    ...[(1n << 63n) - 1n, -(1n << 63n)],
  ],
  empty: new Map(),
  back: false,
};
const NAME = Buffer.from("echo");

describe("the bytes of Apache's Go library", () => {
  it("are what is written in Binary", () => {
    const output = new BinaryWriter();
    writeBinaryHeader(output, MESSAGE.call, NAME, -77);
    AllCodec.writeBinary(output, ALL);
    assert.equal(output.buffer.subarray(0, output.offset).toString("hex"), BINARY);
  });

  it("are what is written in Compact", () => {
    const output = new CompactWriter();
    writeCompactHeader(output, MESSAGE.call, NAME, -77);
    AllCodec.writeCompact(output, ALL);
    assert.equal(output.buffer.subarray(0, output.offset).toString("hex"), COMPACT);
  });

  it("are read in Binary", () => {
    const input = new BinaryReader(bytesOf(Buffer.from(BINARY, "hex")));
    const header = emptyMessageHeader();
    readBinaryHeader(input, header);
    assert.deepEqual(header, { type: 1, sequenceId: -77, nameStart: 8, nameEnd: 12 });
    assert.deepStrictEqual(AllCodec.readBinary(input), ALL);
    assert.equal(input.offset, input.end);
  });

  it("are read in Compact", () => {
    const input = new CompactReader(bytesOf(Buffer.from(COMPACT, "hex")));
    const header = emptyMessageHeader();
    readCompactHeader(input, header);
    assert.deepEqual(header, { type: 1, sequenceId: -77, nameStart: 8, nameEnd: 12 });
    assert.deepStrictEqual(AllCodec.readCompact(input), ALL);
    assert.equal(input.offset, input.end);
  });

  it("end where the scanner says", () => {
    for (const hex of [BINARY, COMPACT]) {
      const bytes = bytesOf(Buffer.from(hex, "hex"));
      const scanner = new StructScanner({ messageMaxBytes: bytes.buffer.length });
      assert.equal(scanner.scan(bytes, 0, bytes.buffer.length), bytes.buffer.length);
    }
  });
});

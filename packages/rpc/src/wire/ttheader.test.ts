import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PRIORITY, type Priority, ServiceError } from "@holdfast/core";
import { BinaryReader, BinaryWriter, bytesOf } from "@holdfast/thrift";
import { parseTtFrame, type TtFrame, ttFrame, ttFrameOfInfo } from "../testing/tt-frame.ts";
import {
  emptyTtHeader,
  fixedCallInfo,
  INFO_KEY,
  INFO_NAME,
  patchFrameLength,
  readTtHeader,
  type TtHeader,
  writeCallTtHeader,
  writePlainTtHeader,
  writeSignalTtHeader,
} from "./ttheader.ts";

/** Made by a re-implementation of Kitex's encoder; the payload is empty. */
const VECTORS: readonly { readonly hex: string; readonly parts: Partial<TtFrame> }[] = [
  { hex: "0000000e 1000 0000 00000001 0001 00 00 0000", parts: { sequenceId: 1 } },
  {
    hex:
      "00000036 1000 0000 00000007 000b 00 00" +
      "01 0001 0003 69736e 000b 4563686f53657276696365" +
      "10 0002 0009 0004 4563686f 000c 0003 323530 000000",
    parts: {
      sequenceId: 7,
      strings: new Map([["isn", "EchoService"]]),
      integers: new Map([
        [9, "Echo"],
        [12, "250"],
      ]),
    },
  },
];

describe("a TTHeader", () => {
  for (const [index, { hex, parts }] of VECTORS.entries()) {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    it(`is what vector ${index + 1} says, written by the tests' own hand`, () => {
      assert.deepEqual(ttFrame(parts), bytes);
      assert.equal(parseTtFrame(bytes).sequenceId, parts.sequenceId);
    });
    it(`is read as vector ${index + 1} says`, () => {
      const { header, offset } = read(bytes);
      assert.equal(header.sequenceId, parts.sequenceId);
      assert.equal(header.timeoutMs, index === 0 ? Infinity : 250);
      assert.equal(offset, bytes.length);
    });
  }

  it("without a word is written as vector 1 says", () => {
    const output = new BinaryWriter();
    writePlainTtHeader(output, 1);
    patchFrameLength(output, 0);
    assert.equal(written(output).toString("hex"), VECTORS[0]!.hex.replaceAll(" ", ""));
  });

  it("of a call says who calls whom, the log id and the time that is left", () => {
    const frame = parseTtFrame(callHeader({ sequenceId: 7, logId: "id-1", timeoutMs: 250.9 }));
    assert.equal(frame.sequenceId, 7);
    assert.equal(frame.protocol, 0);
    assert.deepEqual([...frame.integers].toSorted(), [
      [INFO_KEY.timeoutMs, "250"],
      [INFO_KEY.hearsGoAway, ""],
      [INFO_KEY.logId, "id-1"],
      [INFO_KEY.fromService, "caller"],
      [INFO_KEY.toService, "Callee"],
      [INFO_KEY.toMethod, "echo"],
    ]);
  });

  it("says no time when there is no deadline, and never 0, which is that for Kitex", () => {
    const timeOf = (timeoutMs: number): string | undefined =>
      parseTtFrame(callHeader({ timeoutMs })).integers.get(INFO_KEY.timeoutMs);
    assert.equal(timeOf(Infinity), undefined);
    assert.equal(timeOf(0.9), "1");
    assert.equal(timeOf(-5), "1");
  });

  it("is padded to whole words, whatever it says", () => {
    for (let length = 0; length < 8; length++) {
      const frame = callHeader({ logId: "x".repeat(length) });
      assert.equal((frame.length - 14) % 4, 0);
      assert.equal(parseTtFrame(frame).integers.get(INFO_KEY.logId), "x".repeat(length));
    }
  });

  it("carries one word: go away, cancel, hears", () => {
    for (const name of Object.values(INFO_NAME)) {
      const output = new BinaryWriter();
      writeSignalTtHeader(output, 9, name);
      patchFrameLength(output, 0);
      const frame = parseTtFrame(written(output));
      assert.equal(frame.sequenceId, 9);
      assert.deepEqual([...frame.strings], [[name, "1"]]);
      assert.equal(frame.payload.length, 0);
    }
  });

  it("is read as it was written", () => {
    const { header, offset } = read(
      Buffer.concat([callHeader({ sequenceId: -3, logId: "日本-1", timeoutMs: 90 })]),
    );
    const { sequenceId, logId, fromService, timeoutMs } = header;
    assert.deepEqual(
      { sequenceId, logId, fromService, timeoutMs },
      { sequenceId: -3, logId: "日本-1", fromService: "caller", timeoutMs: 90 },
    );
    assert.ok(offset > 0);
  });

  it("may have all kinds of blocks, unknown keys and padding anywhere", () => {
    const info = Buffer.concat([
      Buffer.from("0000" + "000000", "hex"),
      Buffer.from("11" + "0005" + "746f6b656e", "hex"),
      Buffer.from("00", "hex"),
      Buffer.from("10" + "0003", "hex"),
      Buffer.from("001b" + "0001" + "78", "hex"),
      Buffer.from("0002" + "0003" + "6c6f67", "hex"),
      Buffer.from("000c" + "0002" + "3530", "hex"),
      Buffer.from("01" + "0002" + "0003" + "726970" + "0000", "hex"),
      Buffer.from("0005" + "6372727374" + "0001" + "31", "hex"),
    ]);
    const payload = Buffer.from("payload");
    const { header, offset } = read(ttFrameOfInfo({ payload }, info));
    assert.equal(header.logId, "log");
    assert.equal(header.timeoutMs, 50);
    assert.equal(header.goAway, true);
    assert.equal(offset, 14 + Math.ceil(info.length / 4) * 4);
  });

  it("that says go away with an empty value does not say it", () => {
    assert.equal(read(ttFrame({ strings: new Map([["crrst", ""]]) })).header.goAway, false);
  });

  it("counts a time that is no number, or 0, as not said", () => {
    for (const [text, timeoutMs] of [
      ["", Infinity],
      ["-1", Infinity],
      ["1.5", Infinity],
      ["1e3", Infinity],
      [" 1", Infinity],
      ["0", Infinity],
      ["007", 7],
      ["9".repeat(400), Infinity],
    ] as const) {
      const { header } = read(ttFrame({ integers: new Map([[INFO_KEY.timeoutMs, text]]) }));
      assert.equal(header.timeoutMs, timeoutMs, text);
    }
  });

  it("forgets what the frame before said", () => {
    const header = emptyTtHeader();
    read(
      ttFrame({
        integers: new Map([
          [INFO_KEY.logId, "id-1"],
          [INFO_KEY.fromService, "caller"],
          [INFO_KEY.timeoutMs, "5"],
          [INFO_KEY.hearsGoAway, ""],
        ]),
        strings: new Map(Object.values(INFO_NAME).map((name) => [name, "2"])),
      }),
      header,
    );
    assert.deepEqual(
      { ...header },
      {
        sequenceId: 0,
        logId: "id-1",
        fromService: "caller",
        timeoutMs: 5,
        goAway: true,
        hearsGoAway: true,
        cancel: true,
        hears: true,
        retries: 2,
        priority: PRIORITY.important,
      },
    );
    read(ttFrame({}), header);
    assert.deepEqual({ ...header }, emptyTtHeader());
  });

  it("says nothing of a first try of normal priority", () => {
    assert.equal(parseTtFrame(callHeader({})).strings.size, 0);
  });

  it("says how many tries there were before, for Kitex too, and how much the call matters", () => {
    const marked = callHeader({ logId: "id-1", timeoutMs: 5, retries: 2, priority: 0 });
    assert.deepEqual(Object.fromEntries(parseTtFrame(marked).strings), {
      "holdfast-retries": "2",
      RPC_PERSIST_RetryReq: "2",
      "holdfast-priority": "0",
    });
    const { header } = read(marked);
    assert.deepEqual([header.retries, header.priority], [2, PRIORITY.sheddable]);
    assert.equal(read(callHeader({ retries: 1e9 })).header.retries, 999);
  });

  it("hears of a retry from Kitex, and takes what is no number for one retry", () => {
    const retriesOf = (name: string, value: string): number =>
      read(ttFrame({ strings: new Map([[name, value]]) })).header.retries;
    assert.equal(retriesOf("RPC_PERSIST_RetryReq", "2"), 2);
    for (const odd of ["", "x", "-1", "1.5", "99999999999999999999"]) {
      assert.equal(retriesOf("RPC_PERSIST_RetryReq", odd), 1, odd);
    }
  });

  it("counts a priority that does not exist as normal", () => {
    for (const odd of ["", "4", "-1", "1.0", "critical"]) {
      const { header } = read(ttFrame({ strings: new Map([["holdfast-priority", odd]]) }));
      assert.equal(header.priority, PRIORITY.normal, odd);
    }
  });

  it("is written with long texts cut, and stays a header", () => {
    const long = "é".repeat(50_000);
    const fixed = fixedCallInfo(long, long, long);
    const { integers } = parseTtFrame(callHeader({ logId: long, fixed }));
    for (const key of [INFO_KEY.logId, INFO_KEY.fromService, INFO_KEY.toService]) {
      assert.equal(integers.get(key), "é".repeat(512));
    }
  });

  it("is read with long texts cut: they are kept in records", () => {
    const long = "x".repeat(50_000);
    const { header } = read(
      ttFrame({
        integers: new Map([
          [INFO_KEY.logId, long],
          [INFO_KEY.fromService, long],
        ]),
      }),
    );
    assert.equal(header.logId.length, 1024);
    assert.equal(header.fromService.length, 1024);
  });

  const BROKEN: Record<string, Buffer> = {
    "of another format": change(ttFrame({}), 4, "0fff"),
    "shorter than itself": ttFrame({}).subarray(0, 13),
    "longer than its frame": change(ttFrame({}), 12, "0002"),
    "without room for protocol and transforms": change(ttFrame({}), 12, "0000"),
    "of another protocol": ttFrame({ protocol: 4 }),
    "with transforms": change(ttFrame({}), 15, "01"),
    "with a block that does not exist": ttFrameOfInfo({}, Buffer.from("000002", "hex")),
    "with a count and no entries": ttFrameOfInfo({}, Buffer.from("0000100005", "hex")),
    "with a text that goes on": ttFrameOfInfo({}, Buffer.from("0000110040616263", "hex")),
    "with a block that is cut": ttFrameOfInfo({}, Buffer.from("00001000", "hex")),
  };
  for (const [what, bytes] of Object.entries(BROKEN)) {
    it(`${what} is refused`, () => {
      assert.throws(
        () => read(bytes),
        (error) => error instanceof ServiceError && error.code === "protocol",
      );
    });
  }
});

function read(
  bytes: Buffer,
  header: TtHeader = emptyTtHeader(),
): { readonly header: TtHeader; readonly offset: number } {
  // It need not stand at the beginning, and what stands behind is not its own.
  const around = Buffer.concat([Buffer.alloc(5, 0x11), bytes, Buffer.alloc(300, 0x11)]);
  const input = new BinaryReader(bytesOf(around), 5, 5 + bytes.length);
  readTtHeader(input, header);
  assert.equal(input.end, 5 + bytes.length);
  return { header, offset: input.offset - 5 };
}

function callHeader(parts: {
  readonly sequenceId?: number;
  readonly logId?: string;
  readonly timeoutMs?: number;
  readonly fixed?: Uint8Array;
  readonly retries?: number;
  readonly priority?: Priority;
}): Buffer {
  const output = new BinaryWriter(1);
  writeCallTtHeader(output, {
    sequenceId: parts.sequenceId ?? 1,
    logId: parts.logId ?? "",
    timeoutMs: parts.timeoutMs ?? Infinity,
    fixed: parts.fixed ?? fixedCallInfo("caller", "Callee", "echo"),
    retries: parts.retries ?? 0,
    priority: parts.priority ?? PRIORITY.normal,
  });
  patchFrameLength(output, 0);
  return written(output);
}

function written(output: BinaryWriter): Buffer {
  return Buffer.from(output.buffer.subarray(0, output.offset));
}

function change(frame: Buffer, at: number, hex: string): Buffer {
  const changed = Buffer.from(frame);
  changed.write(hex, at, "hex");
  return changed;
}

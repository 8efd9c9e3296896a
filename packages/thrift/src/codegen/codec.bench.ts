/**
 * The generated codec beside one written by hand for the same bytes: a page of 50 items. Both run
 * in alternating rounds of one process and are measured by CPU time, so that the ratios mean
 * something on a machine that does other things as well.
 */
import {
  BinaryReader,
  BinaryWriter,
  bytesOf,
  CompactReader,
  CompactWriter,
} from "@holdfast/thrift";
import { type Page, PageCodec, type PageItem } from "./testdata/gen/page.ts";

const ITEMS = 50;
const CALLS_PER_ROUND = 4000;
const ROUNDS = 31;

/** The most that each may cost, as a multiple of the hand-written Binary codec. */
const BOUNDS = { binary: 1.5, compact: 2.5 };

interface Memory {
  readonly buffer: Buffer;
  readonly view: DataView;
}

function memory(size: number): Memory {
  const buffer = Buffer.allocUnsafeSlow(size);
  return { buffer, view: new DataView(buffer.buffer) };
}

function handEncode(buffer: Buffer, view: DataView, items: readonly PageItem[]): number {
  view.setUint8(0, 15);
  view.setInt16(1, 1);
  view.setUint8(3, 12);
  view.setInt32(4, items.length);
  let at = 8;
  for (const item of items) {
    view.setUint8(at, 10);
    view.setInt16(at + 1, 1);
    view.setBigInt64(at + 3, item.itemId);
    view.setUint8(at + 11, 10);
    view.setInt16(at + 12, 2);
    view.setBigInt64(at + 14, item.timestampMs);
    view.setUint8(at + 22, 8);
    view.setInt16(at + 23, 3);
    view.setInt32(at + 25, item.kind);
    view.setUint8(at + 29, 11);
    view.setInt16(at + 30, 4);
    const length = buffer.utf8Write(item.title, at + 36);
    view.setInt32(at + 32, length);
    at += 36 + length;
    view.setUint8(at++, 0);
  }
  view.setUint8(at++, 0);
  return at;
}

function handDecode(buffer: Buffer, view: DataView): Page {
  const count = view.getInt32(4);
  const items: PageItem[] = [];
  let at = 8;
  for (let index = 0; index < count; index++) {
    let itemId = 0n;
    let timestampMs = 0n;
    let kind = 0;
    let title = "";
    for (let type = view.getUint8(at++); type !== 0; type = view.getUint8(at++)) {
      const id = view.getInt16(at);
      at += 2;
      switch (id) {
        case 1:
          itemId = view.getBigInt64(at);
          at += 8;
          break;
        case 2:
          timestampMs = view.getBigInt64(at);
          at += 8;
          break;
        case 3:
          kind = view.getInt32(at);
          at += 4;
          break;
        case 4: {
          const length = view.getInt32(at);
          title = buffer.latin1Slice(at + 4, at + 4 + length);
          at += 4 + length;
          break;
        }
      }
    }
    items.push({ itemId, timestampMs, kind, title });
  }
  return { items };
}

function makePage(): Page {
  const items = Array.from({ length: ITEMS }, (_, index): PageItem => {
    const title = `title ${index} abcdefghijklmnopqrstuvwxyz0123456789`.slice(0, 32);
    // From bytes, as strings of a service are; a concatenation would be flattened on first use.
    const flat = Buffer.from(title).toString("latin1");
    const id = BigInt(index);
    return {
      itemId: 123456789012n + id,
      timestampMs: 1700000000000n + id,
      kind: index,
      title: flat,
    };
  });
  return { items };
}

interface Case {
  readonly name: string;
  readonly bound: number;
  readonly run: () => unknown;
}

function makeCases(): { readonly encode: readonly Case[]; readonly decode: readonly Case[] } {
  const page = makePage();
  // Two memories in turn: with one, the optimizer would take it for a constant.
  const memories = [memory(8192), memory(8192)] as const;
  let turn = 0;
  const next = (): Memory => memories[(turn ^= 1) as 0 | 1];
  for (const { buffer, view } of memories) handEncode(buffer, view, page.items);

  const binary = new BinaryWriter(8192);
  PageCodec.writeBinary(binary, page);
  const binaryBytes = bytesOf(Buffer.from(binary.buffer.subarray(0, binary.offset)));
  const compact = new CompactWriter(8192);
  PageCodec.writeCompact(compact, page);
  const compactBytes = bytesOf(Buffer.from(compact.buffer.subarray(0, compact.offset)));
  const binaryReader = new BinaryReader(binaryBytes);
  const compactReader = new CompactReader(compactBytes);

  const encodeByHand = (): unknown => {
    const { buffer, view } = next();
    return handEncode(buffer, view, page.items);
  };
  const decodeByHand = (): unknown => {
    const { buffer, view } = next();
    return handDecode(buffer, view);
  };
  const encodeBinary = (): unknown => {
    binary.reset();
    PageCodec.writeBinary(binary, page);
    return binary.offset;
  };
  const encodeCompact = (): unknown => {
    compact.reset();
    PageCodec.writeCompact(compact, page);
    return compact.offset;
  };
  const decodeBinary = (): unknown => {
    binaryReader.reset(binaryBytes, 0, binaryBytes.buffer.length);
    return PageCodec.readBinary(binaryReader);
  };
  const decodeCompact = (): unknown => {
    compactReader.reset(compactBytes, 0, compactBytes.buffer.length);
    return PageCodec.readCompact(compactReader);
  };
  return {
    encode: [
      { name: "by hand, Binary", bound: 1, run: encodeByHand },
      { name: "generated, Binary", bound: BOUNDS.binary, run: encodeBinary },
      { name: "generated, Compact", bound: BOUNDS.compact, run: encodeCompact },
    ],
    decode: [
      { name: "by hand, Binary", bound: 1, run: decodeByHand },
      { name: "generated, Binary", bound: BOUNDS.binary, run: decodeBinary },
      { name: "generated, Compact", bound: BOUNDS.compact, run: decodeCompact },
    ],
  };
}

/** Microseconds of CPU time per call, the median of all rounds. */
function measure(cases: readonly Case[]): number[] {
  const samples = cases.map((): number[] => []);
  for (let round = -3; round < ROUNDS; round++) {
    for (const [index, { run }] of cases.entries()) {
      const before = process.cpuUsage();
      for (let call = 0; call < CALLS_PER_ROUND; call++) run();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) samples[index]?.push((user + system) / CALLS_PER_ROUND);
    }
  }
  return samples.map((times) => times.toSorted((one, other) => one - other)[ROUNDS >> 1] ?? 0);
}

function main(): void {
  const cases = makeCases();
  for (const [title, group] of Object.entries(cases)) {
    const times = measure(group);
    const [byHand = 1] = times;
    for (const [index, { name, bound }] of group.entries()) {
      const time = times[index] ?? 0;
      const ratio = time / byHand;
      const verdict = ratio <= bound ? "" : `  OVER ${bound}`;
      if (verdict !== "") process.exitCode = 1;
      const cells = [title.padEnd(8), name.padEnd(20), `${time.toFixed(2)} µs`, ratio.toFixed(2)];
      console.log(cells.join("  ") + verdict);
    }
  }
}

main();

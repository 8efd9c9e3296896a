/** Where a chain goes on: behind the last line of the file that is whole. */
import {
  CHAIN_RECOVERED,
  CHAIN_START,
  CHAINED_LINE_MAX_BYTES,
  type ChainEnd,
  describeBroken,
  readChainedLine,
  ServiceError,
} from "holdfast";
import type { AuditDisk } from "./audit-disk.ts";

export interface OpenedChain {
  readonly end: ChainEnd;
  /** Whether the last line is whole but for its line end. */
  readonly unended: boolean;
  /** Bytes behind the last whole line: what a crash, or a power failure, left of the next ones. */
  readonly broken: Buffer | undefined;
}

/** Enough for the last line and for what a crash may leave behind it. */
const TAIL_MAX_BYTES = 16 * CHAINED_LINE_MAX_BYTES;
/** How every first line begins. */
const FIRST_LINE = Buffer.from(`{"seq":1,"previous":"${CHAIN_START.hash}",`);
const LINE_END = 0x0a;

/** Rejects with a ServiceError `invalid` when the file's end is none of an audit file's. */
export async function readChainEnd(disk: AuditDisk): Promise<OpenedChain> {
  const tail = await disk.readTail(TAIL_MAX_BYTES);
  // What stands behind the last line end is either nothing, or what a crash left.
  for (let lineEnd = tail.length; lineEnd >= 0;) {
    const before = lineEnd === 0 ? -1 : tail.lastIndexOf(LINE_END, lineEnd - 1);
    const line = readChainedLine(tail.subarray(before + 1, lineEnd));
    if (line !== undefined) {
      const broken = rest(tail, lineEnd + 1);
      return { end: { seq: line.seq, hash: line.hash }, unended: lineEnd === tail.length, broken };
    }
    lineEnd = before;
  }
  if (!couldBeFirstLine(tail)) {
    const advice = "holdfast logs --verify says where; give another file, or move this one away";
    throw new ServiceError("invalid", `${disk.name} does not end as an audit file: ${advice}`);
  }
  return { end: CHAIN_START, unended: false, broken: rest(tail, 0) };
}

/** The first line of the chain behind bytes that are no line; it says which they are. */
export function recoveredFields(broken: Buffer): Record<string, unknown> {
  return { event: CHAIN_RECOVERED, ...describeBroken(broken) };
}

function rest(tail: Buffer, from: number): Buffer | undefined {
  return from >= tail.length ? undefined : tail.subarray(from);
}

/** Of a file that is empty, or in which nothing but a piece of the first line was written. */
function couldBeFirstLine(tail: Buffer): boolean {
  const length = Math.min(tail.length, FIRST_LINE.length);
  return (
    tail.length < TAIL_MAX_BYTES && tail.subarray(0, length).equals(FIRST_LINE.subarray(0, length))
  );
}

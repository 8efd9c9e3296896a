/**
 * JSON lines of which each one holds the hash of the one before it: none can be changed, taken out
 * or put in without breaking all that follow. What it cannot tell is lines missing at the end;
 * keep the last hash somewhere else for that.
 *
 * A line is `{"seq":N,"previous":"…",…,"hash":"…"}`. The hash is the SHA-256 of the previous hash
 * (as its 64 hexadecimal digits) and the line without its hash, byte for byte as it stands in the
 * file: nothing has to be brought into a canonical form to check it.
 */
import { createHash } from "node:crypto";

/** What the first line has as the hash before it. */
export const CHAIN_START_HASH = "0".repeat(64);
/** The event of the line behind one that was not written whole: it vouches for what is there. */
export const CHAIN_RECOVERED = "recovered";
/** A longer line is none of ours. */
export const CHAINED_LINE_MAX_BYTES = 64 * 1024;

/** The last line of a chain. */
export interface ChainEnd {
  /** 0 before the first line. */
  readonly seq: number;
  readonly hash: string;
}

export const CHAIN_START: ChainEnd = { seq: 0, hash: CHAIN_START_HASH };

/** A line by itself: its hash is right, but whether it follows another one is not known yet. */
export interface ChainedLine extends ChainEnd {
  readonly previous: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const HASH_TAIL = /^,"hash":"([0-9a-f]{64})"\}$/;
const HASH_TAIL_LENGTH = 75;
const HASH = /^[0-9a-f]{64}$/;

/** The next line, with its line end. `fields` are plain JSON, without `seq`, `previous`, `hash`. */
export function chainLine(
  end: ChainEnd,
  fields: Readonly<Record<string, unknown>>,
): { readonly line: string; readonly end: ChainEnd } {
  const seq = end.seq + 1;
  const body = JSON.stringify({ seq, previous: end.hash, ...fields });
  const hash = hashOf(end.hash, body);
  return { line: `${body.slice(0, -1)},"hash":"${hash}"}\n`, end: { seq, hash } };
}

/** A line without its line end; undefined when it is no such line, or its hash is not its own. */
export function readChainedLine(line: Uint8Array): ChainedLine | undefined {
  if (line.length > CHAINED_LINE_MAX_BYTES) return undefined;
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("utf8");
  const [, hash] = HASH_TAIL.exec(text.slice(-HASH_TAIL_LENGTH)) ?? [];
  if (hash === undefined) return undefined;
  const body = `${text.slice(0, -HASH_TAIL_LENGTH)}}`;
  const parsed = parseObject(body);
  if (parsed === undefined) return undefined;
  const { seq, previous, ...fields } = parsed;
  if (!Number.isSafeInteger(seq) || typeof previous !== "string") return undefined;
  if (!HASH.test(previous) || hashOf(previous, body) !== hash) return undefined;
  return { seq: seq as number, previous, hash, fields };
}

/** What a recovering line says of the bytes between it and the last good line. */
export interface BrokenBytes {
  /** Without the line end that was put behind them. */
  readonly brokenBytes: number;
  readonly brokenSha256: string;
}

export function describeBroken(bytes: Uint8Array): BrokenBytes {
  const brokenSha256 = createHash("sha256").update(bytes).digest("hex");
  return { brokenBytes: bytes.length, brokenSha256 };
}

function hashOf(previous: string, body: string): string {
  return createHash("sha256").update(previous).update(body).digest("hex");
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

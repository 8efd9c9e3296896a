/**
 * Reads a PROXY protocol header out of bytes that come in any pieces. It takes no byte that is not
 * the header's, and says that it is none as soon as that is certain.
 */
import { badHeader, MORE, type ProxyHeaderStep } from "./header.ts";
import { readVersion1, VERSION_1_START } from "./version-1.ts";
import { readVersion2, VERSION_2_START } from "./version-2.ts";

/** Enough for a header without extensions, of either version. */
const FIRST_BYTES = 256;

export class HeaderParser {
  private readonly headerMaxBytes: number;
  private held = Buffer.alloc(0);
  private heldBytes = 0;

  /** `headerMaxBytes`: the longest header of version 2; version 1 has its own, shorter one. */
  constructor(headerMaxBytes: number) {
    this.headerMaxBytes = headerMaxBytes;
  }

  /**
   * `done`, with `headerBytes` counted within these very bytes, or `more`: all of them were taken.
   * Throws a ServiceError, `protocol`, and is then of no more use.
   */
  push(bytes: Uint8Array): ProxyHeaderStep {
    const heldBefore = this.heldBytes;
    this.hold(bytes.subarray(0, this.headerMaxBytes - heldBefore));
    const step = readHeader(this.held.subarray(0, this.heldBytes), this.headerMaxBytes);
    if (step.kind === "more") return step;
    return { ...step, headerBytes: step.headerBytes - heldBefore };
  }

  private hold(bytes: Uint8Array): void {
    const neededBytes = this.heldBytes + bytes.length;
    if (neededBytes > this.held.length) {
      const grown = Buffer.alloc(Math.max(neededBytes, 2 * this.held.length, FIRST_BYTES));
      grown.set(this.held.subarray(0, this.heldBytes));
      this.held = grown;
    }
    this.held.set(bytes, this.heldBytes);
    this.heldBytes = neededBytes;
  }
}

/** `bytes` are all that came, from the first on. Throws a ServiceError, `protocol`. */
export function readHeader(bytes: Buffer, headerMaxBytes: number): ProxyHeaderStep {
  const version2 = compareStart(bytes, VERSION_2_START);
  if (version2 === "whole") return readVersion2(bytes, headerMaxBytes);
  const version1 = compareStart(bytes, VERSION_1_START);
  if (version1 === "whole") return readVersion1(bytes);
  if (version1 === "part" || version2 === "part") return MORE;
  // Never the bytes themselves: they are the client's.
  throw badHeader("the connection begins with something else");
}

function compareStart(bytes: Buffer, start: Buffer): "whole" | "part" | "no" {
  const count = Math.min(bytes.length, start.length);
  if (bytes.compare(start, 0, count, 0, count) !== 0) return "no";
  return count === start.length ? "whole" : "part";
}

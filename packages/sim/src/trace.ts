/**
 * What happened in a world, in order, as one hash: two runs that differ anywhere differ here. The
 * last lines are kept, so that a failing run can be read.
 */
import { createHash, type Hash } from "node:crypto";
import type { Clock } from "@holdfast/core";

/** Lines kept for reading: some seconds of a busy world, a few megabytes at most. */
const KEPT_LINES = 20_000;

export class Trace {
  private readonly clock: Clock;
  private readonly hash: Hash = createHash("sha256");
  private readonly kept: string[] = [];
  private lineCount = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Adds a line; the time is put in front of it. */
  add(text: string): void {
    const line = `${this.clock.nowMs()} ${text}`;
    this.hash.update(line).update("\n");
    // A ring: the oldest line gives its place to the newest.
    this.kept[this.lineCount % KEPT_LINES] = line;
    this.lineCount++;
  }

  /** Lines added so far. */
  get length(): number {
    return this.lineCount;
  }

  /** The hash of all lines so far, in hex. */
  digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** The last lines, oldest first; 20,000 at most. */
  lines(): string[] {
    if (this.lineCount <= KEPT_LINES) return [...this.kept];
    const oldest = this.lineCount % KEPT_LINES;
    return [...this.kept.slice(oldest), ...this.kept.slice(0, oldest)];
  }
}

/** A short fingerprint of bytes, FNV-1a of 32 bits: to say that they are the same, not whose. */
export function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) {
    hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  }
  return hash >>> 0;
}

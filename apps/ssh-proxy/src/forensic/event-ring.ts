/** The last events of all connections, noise included: what a crash leaves, and `/forensics`. */
import type { EventRecord } from "./event-record.ts";

/** 1,000: some minutes of a busy proxy. A record has less than 300 bytes, as a rule. */
const CAPACITY_DEFAULT = 1_000;

export class EventRing {
  readonly capacity: number;
  private readonly records: (EventRecord | undefined)[];
  private added = 0;

  /** `capacity`: 1 or more, default 1,000. */
  constructor(capacity: number = CAPACITY_DEFAULT) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`the ring's capacity is ${capacity}; it must be 1 or more`);
    }
    this.capacity = capacity;
    this.records = Array.from({ length: capacity }, () => undefined);
  }

  /** Takes the place of the oldest one when it is full. */
  add(record: EventRecord): void {
    this.records[this.added % this.capacity] = record;
    this.added++;
  }

  /** The last ones, at most `limit`, oldest first; those of one connection when it is given. */
  last(limit: number, sessionKey?: string): EventRecord[] {
    const found: EventRecord[] = [];
    const oldest = Math.max(0, this.added - this.capacity);
    for (let index = this.added - 1; index >= oldest && found.length < limit; index--) {
      const record = this.records[index % this.capacity]!;
      if (sessionKey === undefined || record.sessionKey === sessionKey) found.push(record);
    }
    return found.toReversed();
  }

  /** All of them as JSON lines, oldest first. */
  dump(): string {
    return formatLines(this.last(this.capacity));
  }
}

/** JSON lines, such as `holdfast logs` reads. */
export function formatLines(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/**
 * Sets that wait for one commit, already in the form of a journal entry: records back to back in
 * one growing buffer. Ordering and copying is done here, on the caller's thread, so that the
 * writer has only to hand the bytes to the disk.
 */
import { orderItems } from "../../order-items.ts";
import { runBytes, writeUint32 } from "../../run.ts";
import { recordHeadBytes, writeRecordHead } from "../journal-file.ts";

/** One caller waiting. */
export interface WaitingSet {
  readonly items: number;
  resolve(items: number): void;
  reject(error: Error): void;
}

const firstBytes = 65_536;

export class SetGroup {
  bytes = 0;
  #buffer = new Uint8Array(firstBytes);
  #waiting: WaitingSet[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Adds a user's items, at least one, already checked; resolves when the group has committed. */
  add(userId: bigint, items: readonly Uint8Array[]): Promise<number> {
    const ordered = orderItems(items);
    let wireBytes = 0;
    for (const wire of ordered) wireBytes += wire.length;
    const bytes = runBytes(ordered.length, wireBytes);
    this.#reserve(recordHeadBytes + bytes);
    const buffer = this.#buffer;
    let at = writeRecordHead(buffer, this.bytes, userId, bytes);
    at = writeUint32(buffer, at, ordered.length);
    let end = 0;
    for (const wire of ordered) at = writeUint32(buffer, at, (end += wire.length));
    for (const wire of ordered) {
      buffer.set(wire, at);
      at += wire.length;
    }
    this.bytes = at;
    return this.#wait(ordered.length);
  }

  /** Adds a group that has gathered elsewhere. The same promise. */
  addEntry(entry: Uint8Array): Promise<number> {
    this.#reserve(entry.length);
    this.#buffer.set(entry, this.bytes);
    this.bytes += entry.length;
    return this.#wait(0);
  }

  /** Takes the entry and those who wait for it, and begins anew. */
  take(): { readonly entry: Uint8Array<ArrayBuffer>; readonly waiting: readonly WaitingSet[] } {
    const taken = { entry: this.#buffer.slice(0, this.bytes), waiting: this.#waiting };
    this.bytes = 0;
    this.#waiting = [];
    // A burst is not kept for ever.
    if (this.#buffer.length > 16 * firstBytes) this.#buffer = new Uint8Array(firstBytes);
    return taken;
  }

  #wait(items: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
    });
  }

  #reserve(bytes: number): void {
    if (this.bytes + bytes <= this.#buffer.length) return;
    const buffer = new Uint8Array(Math.max(2 * this.#buffer.length, this.bytes + bytes));
    buffer.set(this.#buffer.subarray(0, this.bytes));
    this.#buffer = buffer;
  }
}

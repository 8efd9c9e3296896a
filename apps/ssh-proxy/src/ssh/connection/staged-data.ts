/**
 * Small pieces of data that leave in one packet. What comes in many small packets, as git writes
 * it, would go out in as many, and each is encrypted, authenticated and taken apart by itself. They
 * wait for each other while one read is dealt with, and never longer.
 */
import type { SshTransport } from "../transport/ssh-transport.ts";
import type { OutputMemory } from "./output-memory.ts";

/** A longer piece is a packet of its own: copying it would cost more than is won. */
export const STAGED_PIECE_MAX_BYTES = 12 * 1_024;

export class StagedData {
  /** How many wait. */
  bytes = 0;
  private readonly memory: OutputMemory;
  private scratch: Buffer | undefined = undefined;
  /** The head of the packet that they will be: which channel, and which of its streams. */
  private head: Buffer | undefined = undefined;
  private lengthAt = 0;

  constructor(memory: OutputMemory) {
    this.memory = memory;
  }

  /** False when it does not go with what waits: that has to leave first. */
  add(head: Buffer, lengthAt: number, piece: Uint8Array, packetMaxBytes: number): boolean {
    const fits = this.bytes + piece.length <= packetMaxBytes;
    if (this.head !== undefined && (this.head !== head || !fits)) return false;
    this.head = head;
    this.lengthAt = lengthAt;
    this.scratch ??= this.memory.take();
    this.scratch.set(piece, this.bytes);
    this.bytes += piece.length;
    return true;
  }

  /** Sends what waits. */
  leave(transport: SshTransport): void {
    const { head, scratch, bytes } = this;
    if (head === undefined || scratch === undefined) return;
    head.writeUInt32BE(bytes, this.lengthAt);
    this.head = undefined;
    this.bytes = 0;
    transport.sendParts(head, scratch.subarray(0, bytes));
    this.forget();
  }

  forget(): void {
    if (this.scratch !== undefined) this.memory.give(this.scratch);
    this.scratch = undefined;
    this.head = undefined;
    this.bytes = 0;
  }
}

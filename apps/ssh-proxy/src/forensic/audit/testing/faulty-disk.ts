/** The twin of the audit file in memory, which fails when and how the test says. */
import type { AuditDisk } from "../audit-disk.ts";

export class FaultyDisk implements AuditDisk {
  readonly name = "memory";
  content: Buffer;
  syncedBytes = 0;
  syncs = 0;
  closed = false;
  /** The disk is full at this size; what fits of a write is taken. */
  capacityBytes = Infinity;
  /** At most so many bytes of a write are taken. */
  writeMaxBytes = Infinity;
  /** Codes of the errors that every write, every fsync fails with. */
  writeFails: string | undefined = undefined;
  syncFails: string | undefined = undefined;
  /** While it is set, nothing comes back. */
  private hanging: Promise<void> | undefined = undefined;
  private letGo: () => void = () => undefined;

  constructor(content: string | Uint8Array = "") {
    this.content = Buffer.from(content as string);
  }

  hang(): void {
    this.hanging = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  release(): void {
    this.hanging = undefined;
    this.letGo();
  }

  async readTail(bytesMax: number): Promise<Buffer> {
    return Buffer.from(this.content.subarray(Math.max(0, this.content.length - bytesMax)));
  }

  async append(bytes: Uint8Array): Promise<number> {
    await this.hanging;
    if (this.writeFails !== undefined) throw failure(this.writeFails);
    const room = this.capacityBytes - this.content.length;
    if (room <= 0) throw failure("ENOSPC");
    const taken = Math.min(bytes.length, room, this.writeMaxBytes);
    this.content = Buffer.concat([this.content, bytes.subarray(0, taken)]);
    return taken;
  }

  async sync(): Promise<void> {
    await this.hanging;
    if (this.syncFails !== undefined) throw failure(this.syncFails);
    this.syncs++;
    this.syncedBytes = this.content.length;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}

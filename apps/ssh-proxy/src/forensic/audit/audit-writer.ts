/**
 * Brings lines to the audit log's disk, one write at a time, and tries again what failed: bytes
 * leave in order or not at all. Whoever enqueues never waits.
 */
import { type Clock, after, escapeControl, sleep } from "holdfast";
import type { AuditDisk } from "./audit-disk.ts";
import type { AuditOptions } from "./audit-options.ts";

export interface AuditWriterHandler {
  /** A write or an fsync failed, where the one before had not. */
  onFailure(what: "write" | "sync", error: string): void;
  /** All works again; so many milliseconds after the failure. */
  onRecovered(failedForMs: number): void;
  /** Nothing waits any more. */
  onIdle(): void;
}

export interface AuditWriterParts {
  readonly disk: AuditDisk;
  readonly clock: Clock;
  readonly handler: AuditWriterHandler;
}

export class AuditWriter {
  private readonly disk: AuditDisk;
  private readonly clock: Clock;
  private readonly handler: AuditWriterHandler;
  private readonly options: AuditOptions;
  private pending: string[] = [];
  /** What is left of the bytes that are being written. */
  private chunk: Uint8Array = Buffer.alloc(0);
  private bytes = 0;
  private failures = 0;
  private failedSinceMs: number | undefined = undefined;
  /** What failed when it was tried last. */
  private readonly failing = new Set<"write" | "sync">();
  /** Since when the disk has something in hand. */
  private busySinceMs: number | undefined = undefined;
  private running: Promise<void> | undefined = undefined;
  private syncDue = false;
  private takeBackSync: (() => void) | undefined = undefined;
  private closing = false;
  private reachedDisk = false;

  constructor(parts: AuditWriterParts, options: AuditOptions) {
    this.disk = parts.disk;
    this.clock = parts.clock;
    this.handler = parts.handler;
    this.options = options;
  }

  /** True once something was written, unless the last try failed or takes too long. */
  get works(): boolean {
    if (!this.reachedDisk || this.failedSinceMs !== undefined) return false;
    const { busySinceMs } = this;
    if (busySinceMs === undefined) return true;
    return this.clock.nowMs() - busySinceMs <= this.options.stallMaxMs;
  }

  get pendingBytes(): number {
    return this.bytes;
  }

  get failureCount(): number {
    return this.failures;
  }

  /** The caller looks at `pendingBytes` before. */
  enqueue(text: string): void {
    this.pending.push(text);
    this.bytes += Buffer.byteLength(text);
    this.run();
  }

  /** Writes and syncs what waits; gives up at the first failure. Resolves with whether all went. */
  async close(): Promise<boolean> {
    this.closing = true;
    this.takeBackSync?.();
    this.syncDue = true;
    this.run();
    await this.running;
    return this.bytes === 0 && this.failedSinceMs === undefined;
  }

  private get hasWork(): boolean {
    return this.syncDue || this.bytes > 0;
  }

  private run(): void {
    if (this.running === undefined && this.hasWork) this.running = this.work();
  }

  private async work(): Promise<void> {
    let wroteLast = false;
    while (this.hasWork) {
      // In turn: lines that come without end must not put the fsync off, nor one that fails them.
      const syncs: boolean = this.syncDue && (this.bytes === 0 || (wroteLast && !this.closing));
      wroteLast = !syncs;
      const done = syncs
        ? await this.attempt("sync", () => this.sync())
        : await this.attempt("write", () => this.write());
      if (done) continue;
      if (this.closing) break;
      await sleep(this.clock, this.options.retryMs);
    }
    this.running = undefined;
    if (this.bytes === 0) this.handler.onIdle();
  }

  private async attempt(what: "write" | "sync", step: () => Promise<void>): Promise<boolean> {
    this.busySinceMs = this.clock.nowMs();
    try {
      await step();
    } catch (error) {
      this.failed(what, error);
      return false;
    } finally {
      this.busySinceMs = undefined;
    }
    this.succeeded(what);
    return true;
  }

  private async write(): Promise<void> {
    if (this.chunk.length === 0) {
      this.chunk = Buffer.from(this.pending.join(""));
      this.pending = [];
    }
    const taken = await this.disk.append(this.chunk);
    this.chunk = this.chunk.subarray(taken);
    this.bytes -= taken;
    this.reachedDisk = true;
    this.scheduleSync();
  }

  private async sync(): Promise<void> {
    await this.disk.sync();
    this.syncDue = false;
  }

  private scheduleSync(): void {
    if (this.syncDue || this.takeBackSync !== undefined) return;
    if (this.options.syncMs === 0) {
      this.syncDue = true;
      return;
    }
    this.takeBackSync = after(this.clock, this.options.syncMs, () => {
      this.takeBackSync = undefined;
      this.syncDue = true;
      this.run();
    });
  }

  private failed(what: "write" | "sync", error: unknown): void {
    this.failures++;
    this.failing.add(what);
    if (this.failedSinceMs !== undefined) return;
    this.failedSinceMs = this.clock.nowMs();
    this.handler.onFailure(what, describe(error));
  }

  private succeeded(what: "write" | "sync"): void {
    this.failing.delete(what);
    if (this.failedSinceMs === undefined || this.failing.size > 0) return;
    const failedForMs = this.clock.nowMs() - this.failedSinceMs;
    this.failedSinceMs = undefined;
    this.handler.onRecovered(failedForMs);
  }
}

/** Such as `ENOSPC`; its message where it has no code. */
function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return escapeControl(code ?? message ?? String(error));
}

/**
 * The audit file: the events of everybody who logged in, as a hash chain (see `chainLine`). While
 * it cannot be written, no session may begin and those that run go on; their events wait in
 * memory, up to a bound. Nothing here makes anybody wait.
 *
 * Lines of its own: `opened` at each start, `closed` at an orderly end, `recovered` behind what a
 * crash left of a line (with the length and the SHA-256 of those bytes, so that they are part of
 * the chain), `unsynced` after an fsync that failed (a power failure may take the lines before it),
 * `lost` with the number of lines that found no room.
 */
import { chainLine, type ChainEnd, type Clock, type Logger } from "holdfast";
import type { AuditState } from "../../stats/proxy-stats.ts";
import type { EventRecord } from "../event-record.ts";
import type { AuditSink } from "../forensics.ts";
import type { AuditDisk } from "./audit-disk.ts";
import { type AuditOptions, completeAuditOptions } from "./audit-options.ts";
import { AuditWriter } from "./audit-writer.ts";
import { type OpenedChain, readChainEnd, recoveredFields } from "./read-chain-end.ts";

export interface AuditParts {
  readonly disk: AuditDisk;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The lines that the audit log writes about itself. */
export const AUDIT_EVENTS = ["opened", "closed", "recovered", "unsynced", "lost"] as const;
type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** Room that is kept for such a line. */
const OWN_LINE_MAX_BYTES = 1_024;

/**
 * Goes on behind the last line of the file. Rejects with a ServiceError `invalid` when what is
 * there is no audit file. It is writable once its first line, `opened`, is written.
 */
export async function openAuditLog(
  parts: AuditParts,
  options: Partial<AuditOptions> = {},
): Promise<AuditLog> {
  const complete = completeAuditOptions(options);
  return new AuditLog(parts, complete, await readChainEnd(parts.disk));
}

export class AuditLog implements AuditSink, AuditState {
  private readonly disk: AuditDisk;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly pendingMaxBytes: number;
  private readonly writer: AuditWriter;
  private end: ChainEnd;
  private lines = 0;
  private lost = 0;
  /** Lines that were lost and are not spoken of in the file yet. */
  private untold = 0;
  private closed = false;

  /** Use `openAuditLog`. */
  constructor(parts: AuditParts, options: AuditOptions, { end, unended, broken }: OpenedChain) {
    this.disk = parts.disk;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.pendingMaxBytes = options.pendingMaxBytes;
    this.end = end;
    this.writer = new AuditWriter({ ...parts, handler: this.handler() }, options);
    if (unended) this.writer.enqueue("\n");
    if (broken !== undefined) {
      const bytes = broken.length;
      this.logger.warn("audit file ends in a broken line", { file: this.disk.name, bytes });
      this.writer.enqueue("\n");
      const { event: _, ...fields } = recoveredFields(broken);
      this.writeOwn("recovered", fields);
    }
    this.writeOwn("opened");
  }

  /** False until the first line is written, while writes fail or hang, and after the end. */
  get writable(): boolean {
    return !this.closed && this.untold === 0 && this.writer.works;
  }

  /** Lines that were taken, since the start. */
  get lineCount(): number {
    return this.lines;
  }

  get lostCount(): number {
    return this.lost;
  }

  get failureCount(): number {
    return this.writer.failureCount;
  }

  write(record: EventRecord): void {
    if (this.closed) return;
    this.tellLost();
    if (this.untold === 0 && this.chain(record, OWN_LINE_MAX_BYTES)) return;
    this.untold++;
    this.lost++;
  }

  /**
   * Writes what waits and lets the file go; gives up at the first failure, and hangs as long as
   * the disk does (a lifecycle limits that). The last hash is
   * logged: with it, whoever keeps the log can see that nothing was cut off the file.
   */
  async close(): Promise<void> {
    if (this.closed) return;
    this.tellLost();
    this.writeOwn("closed");
    this.closed = true;
    const whole = await this.writer.close();
    const { seq, hash } = this.end;
    this.logger.info("audit file closed", { file: this.disk.name, seq, hash, whole });
    await this.disk.close();
  }

  /** Once there is room again for more than a few lines: one line for all that were lost. */
  private tellLost(): void {
    if (this.untold === 0 || this.writer.pendingBytes > this.pendingMaxBytes / 2) return;
    this.chain({ event: "lost", lines: this.untold }, 0);
    this.untold = 0;
  }

  private writeOwn(event: AuditEvent, fields: Readonly<Record<string, unknown>> = {}): void {
    this.chain({ event, ...fields }, 0);
  }

  /** False when there is no room. A line that is not taken has no place in the chain. */
  private chain(fields: Readonly<Record<string, unknown>>, keptBytes: number): boolean {
    const at = Math.round(this.clock.epochMs());
    const { line, end } = chainLine(this.end, { at, ...fields });
    const bytes = this.writer.pendingBytes + Buffer.byteLength(line) + keptBytes;
    if (bytes > this.pendingMaxBytes) return false;
    this.end = end;
    this.lines++;
    this.writer.enqueue(line);
    return true;
  }

  private handler() {
    const file = this.disk.name;
    return {
      onFailure: (what: "write" | "sync", error: string): void => {
        this.logger.error("audit file fails, no session may begin", { file, what, error });
        if (what === "sync") this.writeOwn("unsynced", { error });
      },
      onRecovered: (failedForMs: number): void => {
        this.logger.warn("audit file is written again", { file, failedForMs });
      },
      onIdle: (): void => this.tellLost(),
    };
  }
}

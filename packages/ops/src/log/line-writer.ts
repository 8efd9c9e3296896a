/**
 * Where log lines go: collected in one turn of the event loop, written in the background, and
 * written at once when the process exits.
 *
 * Why not pino's own destination? sonic-boom 4.2 tries again for ever when an exit finds the disk
 * full or the pipe closed, and a process that cannot exit cannot be replaced.
 */
import { closeSync, openSync, write, writeSync } from "node:fs";
import { after, type Clock, ServiceError } from "@holdfast/core";

export interface LineWriterOptions {
  readonly clock: Clock;
  /** A path, which is appended to, or the number of an open file. */
  readonly file: string | number;
  /** Lines that wait, in UTF-16 units; beyond it they are dropped. */
  readonly pendingMax: number;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** A pipe whose reader is slow is asked again after this. */
const RETRY_MS = 20;
/** A reader that is stuck at the exit is asked so often, without a pause, and then given up. */
const EXIT_RETRIES = 1_000;

export class LineWriter {
  private readonly clock: Clock;
  private readonly file: number;
  private readonly ownsFile: boolean;
  private readonly pendingMax: number;
  private pending: string[] = [];
  private pendingLength = 0;
  /** What the operating system has in hand, or will be asked to take again. */
  private writing: Chunk | undefined = undefined;
  /** From where on it will be asked again; undefined while it has it in hand. */
  private retryFrom: number | undefined = undefined;
  private turnScheduled = false;
  private dropped = 0;
  private idleListeners: (() => void)[] = [];
  private readonly onExit = (): void => this.flushSync();

  constructor(options: LineWriterOptions) {
    this.clock = options.clock;
    this.pendingMax = options.pendingMax;
    this.ownsFile = typeof options.file === "string";
    this.file = typeof options.file === "string" ? openLog(options.file) : options.file;
    process.on("exit", this.onExit);
  }

  get droppedCount(): number {
    return this.dropped;
  }

  /** `line` ends with its line end. Never throws. */
  write(line: string): void {
    if (this.pendingLength + line.length > this.pendingMax) {
      this.dropped++;
      return;
    }
    this.pending.push(line);
    this.pendingLength += line.length;
    if (this.writing !== undefined || this.turnScheduled) return;
    this.turnScheduled = true;
    this.clock.afterTurn(() => {
      this.turnScheduled = false;
      this.writePending();
    });
  }

  /** Resolves when everything so far was written, or dropped. */
  flush(): Promise<void> {
    if (this.writing === undefined && this.pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idleListeners.push(resolve);
    });
  }

  /** Flushes, and lets the file go. What is written later is dropped. */
  async close(): Promise<void> {
    await this.flush();
    process.off("exit", this.onExit);
    this.write = () => {
      this.dropped++;
    };
    if (this.ownsFile) closeSync(this.file);
  }

  private writePending(): void {
    if (this.writing !== undefined) return;
    if (this.pending.length === 0) {
      const listeners = this.idleListeners;
      this.idleListeners = [];
      for (const listener of listeners) listener();
      return;
    }
    this.writing = this.takePending();
    this.writeFrom(0);
  }

  private takePending(): Chunk {
    const bytes = Buffer.from(this.pending.join(""), "utf8");
    const lines = this.pending.length;
    this.pending = [];
    this.pendingLength = 0;
    return { bytes, lines };
  }

  private writeFrom(offset: number): void {
    const { bytes, lines } = this.writing!;
    this.retryFrom = undefined;
    write(this.file, bytes, offset, (error, written) => {
      if (error !== null && isBusy(error)) {
        this.retryFrom = offset;
        after(this.clock, RETRY_MS, () => this.writeFrom(offset));
        return;
      }
      if (error === null && offset + written < bytes.length) {
        this.writeFrom(offset + written);
        return;
      }
      if (error !== null) this.dropped += lines;
      this.writing = undefined;
      this.writePending();
    });
  }

  /** At the exit. What the operating system has in hand, Node waits for itself. */
  private flushSync(): void {
    if (this.writing !== undefined && this.retryFrom !== undefined) {
      this.writeSync(this.writing, this.retryFrom);
    }
    if (this.pending.length > 0) this.writeSync(this.takePending(), 0);
  }

  private writeSync({ bytes, lines }: Chunk, from: number): void {
    let offset = from;
    for (let tries = 0; tries < EXIT_RETRIES && offset < bytes.length; tries++) {
      try {
        offset += writeSync(this.file, bytes, offset);
      } catch (error) {
        if (!isBusy(error)) break;
      }
    }
    if (offset < bytes.length) this.dropped += lines;
  }
}

function openLog(path: string): number {
  try {
    // Not for everybody to read: who calls what is in it.
    return openSync(path, "a", 0o640);
  } catch (error) {
    const { message } = ServiceError.from(error);
    throw new ServiceError("invalid", `cannot open the log file: ${message}`, { cause: error });
  }
}

function isBusy(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAGAIN" || code === "EBUSY";
}

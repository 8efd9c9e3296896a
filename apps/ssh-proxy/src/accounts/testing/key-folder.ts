/** A directory of key files on the disk, and accounts read from it; time is the test's. */
import { createContext, ManualClock, MemoryLogger, StateRegistry } from "holdfast";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "../account-directory.ts";
import {
  type KeyDirectory,
  type KeyDirectoryParts,
  openKeyDirectory,
} from "../key-directory/key-directory.ts";
import { keyOf } from "./key-of.ts";

export class KeyFolder implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), "holdfast-accounts-"));
  readonly clock: ManualClock;
  readonly logger = new MemoryLogger();
  readonly registry = new StateRegistry();
  private opened: KeyDirectory | undefined = undefined;

  /**
   * Its files are young to a clock that stands in the past, and read at each look: two changes may
   * have one time stamp here.
   */
  constructor(startEpochMs?: number) {
    this.clock = new ManualClock(startEpochMs);
  }

  write(name: string, ...lines: readonly string[]): void {
    writeFileSync(join(this.path, name), lines.map((line) => `${line}\n`).join(""));
  }

  async open(options: Partial<KeyDirectoryParts> = {}): Promise<KeyDirectory> {
    const { path, clock, logger, registry } = this;
    this.opened = openKeyDirectory({ path, clock, logger, registry, ...options });
    await this.opened.start();
    return this.opened;
  }

  /** Until the directory has been looked at twice: one look may have been going on. */
  async looked(): Promise<void> {
    for (let count = 0; count < 2; count++) {
      while (this.clock.scheduledCount === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.clock.advance(1_000);
    }
    while (this.clock.scheduledCount === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  find(key: string, user = "git"): Promise<Identity | undefined> {
    return this.opened!.find(createContext({ clock: this.clock }), user, keyOf(key));
  }

  /** The account that a key opens; undefined: none. */
  async accountOf(key: string, user?: string): Promise<string | undefined> {
    return (await this.find(key, user))?.account;
  }

  /** What was logged since the last time. */
  logged(): string[] {
    return this.logger.lines.splice(0).map(({ level, message }) => `${level}: ${message}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.opened?.stop();
    rmSync(this.path, { recursive: true, force: true });
    return Promise.resolve();
  }
}

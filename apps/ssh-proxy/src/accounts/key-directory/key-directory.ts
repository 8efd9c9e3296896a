/**
 * Accounts from a directory that is looked at again and again: a file for each account, named
 * after it, with a public key on each line. A file that cannot be taken changes nothing: what was
 * taken of it last holds, and that is said once in the log and on the ops port.
 *
 * Why look, and not be told (fs.watch)? On network file systems and behind the links by which
 * containers are given their files, nobody is told.
 */
import {
  after,
  type Clock,
  type Context,
  cutText,
  type LifecyclePart,
  type Logger,
  ServiceError,
  silentLogger,
  type StateRegistry,
} from "holdfast";
import { join } from "node:path";
import type { PublicKey } from "../../ssh/keys/public-key.ts";
import type { AccountDirectory, Identity } from "../account-directory.ts";
import { type AccountKey, parseAccountFile } from "./account-file.ts";
import { explainFileError, type FileLook, FolderReader } from "./folder-reader.ts";
import { buildKeyIndex, EMPTY_INDEX, type KeyIndex, type SharedKey } from "./key-index.ts";
import { completeKeyDirectoryOptions, type KeyDirectoryOptions } from "./options.ts";

export interface KeyDirectoryParts extends Partial<KeyDirectoryOptions> {
  /** Of the directory. */
  readonly path: string;
  readonly clock: Clock;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Where it shows as kind `accounts`; default nowhere. */
  readonly registry?: StateRegistry;
}

interface AccountState {
  /** What was taken last; undefined: its file could not be taken yet. */
  readonly keys: readonly AccountKey[] | undefined;
  /** What is wrong with the file as it is now, as `PATH:LINE: reason`; none: it is taken. */
  readonly problems: readonly string[];
}

const SHOWN_MAX = 100;
const REASON_MAX_LENGTH = 500;
/** The looks take a tenth of the time at most. */
const PAUSE_PER_LOOK = 9;

/** Reads nothing before its `start`; before that nobody's key can be found. */
export function openKeyDirectory(parts: KeyDirectoryParts): KeyDirectory {
  return new KeyDirectory(parts);
}

export class KeyDirectory implements AccountDirectory, LifecyclePart {
  readonly name = "accounts";
  private readonly path: string;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly options: KeyDirectoryOptions;
  private readonly sharedUsers: ReadonlySet<string>;
  private readonly folder: FolderReader;
  private readonly registry: StateRegistry | undefined;
  private readonly accounts = new Map<string, AccountState>();
  private leftOut = new Map<string, string>();
  private index: KeyIndex = EMPTY_INDEX;
  private keyCount = 0;
  /** On the clock's `nowMs()` scale; undefined before the first look that went well. */
  private lookedMs: number | undefined = undefined;
  /** Why the directory cannot be read now. */
  private complaint: string | undefined = undefined;
  private closed = false;
  private stopTimer: () => void = () => undefined;
  private unregister: () => void = () => undefined;

  constructor(parts: KeyDirectoryParts) {
    const { path, clock, logger = silentLogger, registry, ...options } = parts;
    this.path = path;
    this.clock = clock;
    this.logger = logger;
    this.registry = registry;
    this.options = completeKeyDirectoryOptions(options);
    this.sharedUsers = new Set(this.options.sharedUsers);
    this.folder = new FolderReader(path, clock, this.options);
  }

  /** Rejects with a ServiceError (`invalid`) when the directory cannot be read at all. */
  async start(): Promise<void> {
    await this.look();
    if (this.lookedMs === undefined) {
      this.stop();
      throw new ServiceError("invalid", `no accounts: ${this.path}: ${this.complaint}`);
    }
    const part = { name: `accounts ${this.path}`, kind: "accounts" };
    const unregister = this.registry?.register({ ...part, snapshot: () => this.snapshot() });
    if (unregister !== undefined) this.unregister = unregister;
  }

  /** No more looks; what is known stays. */
  stop(): void {
    this.closed = true;
    this.stopTimer();
    this.unregister();
  }

  // oxlint-disable-next-line require-await -- what it throws must reject
  async find(context: Context, user: string, key: PublicKey): Promise<Identity | undefined> {
    context.throwIfCancelled();
    if (this.lookedMs === undefined) {
      throw new ServiceError("unavailable", "the accounts have not been read yet");
    }
    const found = this.index.keys.get(key.fingerprint);
    const isKnown = found !== undefined && this.clock.epochMs() < found.expiresEpochMs;
    const account = found?.identity.account;
    if (isKnown && (this.sharedUsers.has(user) || user === account)) return found.identity;
    const own = this.accounts.get(user);
    if (own !== undefined && own.keys === undefined && !this.sharedUsers.has(user)) {
      throw new ServiceError("unavailable", `the file of the account ${user} cannot be taken`);
    }
    return undefined;
  }

  /** Everything that is wrong now, for people: of the directory, its files, and single keys. */
  get problems(): string[] {
    return [
      ...(this.complaint === undefined ? [] : [`${this.path}: ${this.complaint}`]),
      ...this.accounts.values().flatMap(({ problems }) => problems),
      ...this.leftOut.entries().map(([name, why]) => `${join(this.path, name)}: left out: ${why}`),
      ...this.index.shared.map(describeShared),
    ];
  }

  /** Cheap, and bounded in size. */
  snapshot(): Record<string, unknown> {
    const { path, accounts, index, problems, lookedMs, options } = this;
    return {
      ...{ path, files: accounts.size, keys: index.keys.size },
      problems: problems.slice(0, SHOWN_MAX),
      problemCount: problems.length,
      /** Since the last look that went well. */
      ageMs: lookedMs === undefined ? null : this.clock.nowMs() - lookedMs,
      options,
    };
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    const startMs = this.clock.nowMs();
    try {
      await this.readAll();
      if (this.complaint !== undefined) this.logger.info("accounts are read again", this.place);
      this.complaint = undefined;
      this.lookedMs = this.clock.nowMs();
    } catch (error) {
      this.complain(cutText(explainFileError(error), REASON_MAX_LENGTH));
    }
    if (this.closed) return;
    const pauseMs = (this.clock.nowMs() - startMs) * PAUSE_PER_LOOK;
    const delayMs = Math.max(this.options.lookMs, pauseMs);
    this.stopTimer = after(this.clock, delayMs, () => void this.look());
  }

  /** Nothing of it counts before all of it has been read. */
  private async readAll(): Promise<void> {
    const leftOut = new Map<string, string>();
    const seen = new Set<string>();
    let changes = 0;
    for await (const [name, look] of this.folder.look()) {
      if (this.closed) return;
      if (look.kind === "left-out") {
        leftOut.set(name, look.reason);
        continue;
      }
      seen.add(name);
      if (await this.take(name, look)) changes++;
    }
    for (const [name, { keys }] of this.accounts) {
      if (seen.has(name)) continue;
      this.accounts.delete(name);
      this.keyCount -= keys?.length ?? 0;
      changes++;
      this.logger.info("an account's file is gone", { path: join(this.path, name) });
    }
    this.sayLeftOut(leftOut);
    if (changes > 0) this.rebuild();
  }

  /** Whether other keys of the account count now. */
  private async take(account: string, look: FileLook): Promise<boolean> {
    if (look.kind === "text") {
      const { keys, problems } = await parseAccountFile(account, look.text, this.clock);
      const keyCount = this.keyCount + keys.length - this.keysOf(account);
      if (keyCount > this.options.keysMax) {
        // It may fit when another file has become smaller.
        this.folder.forget(account);
        const reason = `${keyCount} keys with those of the other files`;
        this.refuse(account, [`${reason}; at most ${this.options.keysMax}`]);
      } else if (problems.length > 0) this.refuse(account, problems);
      else {
        this.keyCount = keyCount;
        this.accounts.set(account, { keys, problems });
        return true;
      }
    } else if (look.kind === "bad") this.refuse(account, [look.reason]);
    return false;
  }

  private refuse(account: string, reasons: readonly string[]): void {
    const path = join(this.path, account);
    const problems = reasons.map((reason) => {
      const text = cutText(reason, REASON_MAX_LENGTH);
      return /^\d+: /u.test(text) ? `${path}:${text}` : `${path}: ${text}`;
    });
    const before = this.accounts.get(account);
    if (before?.problems.join() === problems.join()) return;
    this.accounts.set(account, { keys: before?.keys, problems });
    const result =
      before?.keys === undefined
        ? "an account's file cannot be taken; none of its keys opens anything"
        : "an account's file cannot be taken; what was taken last holds";
    this.logger.warn(result, { account, problems });
  }

  private rebuild(): void {
    const keys = this.accounts.values().map((account) => account.keys ?? []);
    const before = new Set(this.index.shared.map(describeShared));
    this.index = buildKeyIndex(keys, this.index);
    const { size } = this.index.keys;
    this.logger.info("accounts taken", { ...this.place, files: this.accounts.size, keys: size });
    for (const shared of this.index.shared) {
      if (before.has(describeShared(shared))) continue;
      this.logger.error("one key in two accounts", { reason: describeShared(shared) });
    }
  }

  private sayLeftOut(leftOut: Map<string, string>): void {
    for (const [name, reason] of leftOut) {
      if (this.leftOut.get(name) === reason) continue;
      this.logger.warn("left out of the accounts", { path: join(this.path, name), reason });
    }
    this.leftOut = leftOut;
  }

  private complain(reason: string): void {
    if (reason === this.complaint || this.closed) return;
    this.complaint = reason;
    this.logger.error("accounts cannot be read; what was read last holds", {
      ...this.place,
      reason,
    });
  }

  private keysOf(account: string): number {
    return this.accounts.get(account)?.keys?.length ?? 0;
  }

  private get place(): { readonly path: string } {
    return { path: this.path };
  }
}

function describeShared({ fingerprint, places, owner }: SharedKey): string {
  const result = owner === undefined ? "it opens neither" : `it still opens ${owner} only`;
  return `${fingerprint} stands in ${places.join(" and ")}; ${result}`;
}

/**
 * Reads what has changed in a folder of files named after accounts, look after look. Links are
 * followed, so that files may be replaced in any way: a rename over one, a link turned to another.
 */
import { createHash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "holdfast";
import type { KeyDirectoryOptions } from "./options.ts";

export type FileLook =
  | { readonly kind: "same" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bad"; readonly reason: string }
  /** It is no account's file. */
  | { readonly kind: "left-out"; readonly reason: string };

const ACCOUNT = /^[a-z0-9][a-z0-9._-]{0,63}$/u;
/** What editors and packages leave behind: with the same keys in it, a copy would shut them out. */
const COPY = /\.(?:bak|old|orig|rej|save|swp|tmp|dpkg-\w+|rpm\w+)$/u;
/** A file changed less than this ago may change again within the same tick of its time stamp. */
const YOUNG_MS = 2_000;
/** System calls at once: the four threads that make them are shared with everything else. */
const LOOKS_AT_ONCE = 8;

interface Seen {
  /** What the file system said of it when it was read. */
  readonly description: string;
  readonly digest: string;
}

export class FolderReader {
  private readonly path: string;
  private readonly clock: Clock;
  private readonly options: KeyDirectoryOptions;
  private readonly seen = new Map<string, Seen>();

  constructor(path: string, clock: Clock, options: KeyDirectoryOptions) {
    this.path = path;
    this.clock = clock;
    this.options = options;
  }

  /** Every file of the folder, by name. Throws when the folder itself cannot be read. */
  async *look(): AsyncGenerator<readonly [name: string, look: FileLook]> {
    const { filesMax } = this.options;
    // Hidden files are how editors and mounts do their work.
    const names = (await readdir(this.path)).filter((name) => !name.startsWith(".")).sort();
    if (names.length > filesMax) {
      throw new RangeError(`it has ${names.length} files; at most ${filesMax}`);
    }
    for (let start = 0; start < names.length; start += LOOKS_AT_ONCE) {
      const some = names.slice(start, start + LOOKS_AT_ONCE);
      const looks = await Promise.all(some.map((name) => this.lookAt(name)));
      for (const [index, look] of looks.entries()) yield [some[index]!, look];
    }
    const present = new Set(names);
    for (const name of this.seen.keys()) if (!present.has(name)) this.seen.delete(name);
  }

  /** Forgets what was read, so that the next look gives its text again. */
  forget(name: string): void {
    this.seen.delete(name);
  }

  /** Never rejects. */
  private async lookAt(name: string): Promise<FileLook> {
    if (!ACCOUNT.test(name)) {
      return { kind: "left-out", reason: "the name of an account is like [a-z0-9][a-z0-9._-]*" };
    }
    if (COPY.test(name)) return { kind: "left-out", reason: "it looks like a copy of a file" };
    try {
      const file = await this.describe(name);
      if (!file.isFile) return { kind: "left-out", reason: "it is no file" };
      const before = this.seen.get(name);
      if (before?.description === file.description && !file.isYoung) return { kind: "same" };
      const bytes = await this.read(name);
      const digest = createHash("sha256").update(bytes).digest("base64");
      // Described before it was read: what changed since then is read next time.
      this.seen.set(name, { description: file.description, digest });
      if (before?.digest === digest) return { kind: "same" };
      return { kind: "text", text: decode(bytes) };
    } catch (error) {
      this.seen.delete(name);
      return { kind: "bad", reason: explainFileError(error) };
    }
  }

  private async describe(name: string) {
    const path = join(this.path, name);
    const found = await stat(path, { bigint: true });
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = found;
    return {
      isFile: found.isFile(),
      description: [dev, ino, size, mtimeNs, ctimeNs].join(),
      isYoung: this.clock.epochMs() - Number(ctimeMs) < YOUNG_MS,
    };
  }

  private async read(name: string): Promise<Buffer> {
    const { fileMaxBytes } = this.options;
    await using file = await open(join(this.path, name), "r");
    const buffer = Buffer.allocUnsafe(Math.min((await file.stat()).size, fileMaxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    if (length > fileMaxBytes) throw new RangeError(`it has more than ${fileMaxBytes} bytes`);
    throw new RangeError("it grows while it is read");
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RangeError("it is no text in UTF-8");
  }
}

/** What is wrong with a file or a folder, in words. */
export function explainFileError(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "ENOTDIR":
      return "it is no folder";
    case "EACCES":
      return "it may not be read";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Live configuration from a file that is looked at again and again.
 *
 * Why look, and not be told (fs.watch)? Because nobody is told of changes on network file systems,
 * in many containers, and behind the symbolic links by which Kubernetes replaces a ConfigMap. A
 * look follows links, so that a rename over the file is seen as soon as it is done; a file that is
 * being written is no JSON until it is whole, and the last good one stays.
 */
import { open, stat } from "node:fs/promises";
import {
  after,
  type Clock,
  type ConfigSnapshot,
  type ConfigSource,
  type ConfigWatch,
  type Logger,
  silentLogger,
} from "@holdfast/core";
import { completeFileConfigOptions, type FileConfigOptions } from "./options.ts";
import { parseConfigFile, revisionOfText } from "./parse-config-file.ts";

export interface FileConfigSourceParts {
  readonly path: string;
  readonly clock: Clock;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

export class FileConfigSource implements ConfigSource {
  readonly name: string;
  private readonly parts: FileConfigSourceParts;
  private readonly options: FileConfigOptions;

  constructor(parts: FileConfigSourceParts, options: Partial<FileConfigOptions> = {}) {
    this.name = `file ${parts.path}`;
    this.parts = parts;
    this.options = completeFileConfigOptions(options);
  }

  watch(listener: (snapshot: ConfigSnapshot) => void): ConfigWatch {
    return new FileWatch(this.parts, this.options, listener);
  }
}

type Look =
  | { readonly kind: "same" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bad"; readonly reason: string };

/** A file changed less than this ago may change again within the same tick of its time stamp. */
const YOUNG_MS = 2_000;

class FileWatch implements ConfigWatch {
  current: ConfigSnapshot | undefined = undefined;
  private readonly path: string;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly options: FileConfigOptions;
  private readonly listener: (snapshot: ConfigSnapshot) => void;
  /** What the file system said of the file when it was last read; "" when it must be read. */
  private seen = "";
  /** Why the file as it is now cannot be taken. */
  private complaint: string | undefined = undefined;
  private closed = false;
  private stopTimer: () => void = () => undefined;

  constructor(
    { path, clock, logger = silentLogger }: FileConfigSourceParts,
    options: FileConfigOptions,
    listener: (snapshot: ConfigSnapshot) => void,
  ) {
    this.path = path;
    this.clock = clock;
    this.logger = logger;
    this.options = options;
    this.listener = listener;
    void this.lookAgain();
  }

  close(): void {
    this.closed = true;
    this.stopTimer();
  }

  private async lookAgain(): Promise<void> {
    const found = await this.look();
    if (this.closed) return;
    if (found.kind === "text") this.take(found.text);
    else if (found.kind === "bad") this.complain(found.reason);
    else if (this.complaint === undefined) this.confirm();
    this.stopTimer = after(this.clock, this.options.lookMs, () => void this.lookAgain());
  }

  /** Never rejects. */
  private async look(): Promise<Look> {
    try {
      const { seen, young } = await this.describe();
      if (seen === this.seen && !young) return { kind: "same" };
      const text = await this.read();
      // Described before it was read: what changed since then is read next time.
      this.seen = seen;
      return { kind: "text", text };
    } catch (error) {
      this.seen = "";
      return { kind: "bad", reason: explain(error as NodeJS.ErrnoException) };
    }
  }

  private async describe(): Promise<{ seen: string; young: boolean }> {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(this.path, { bigint: true });
    const ageMs = this.clock.epochMs() - Number(ctimeMs);
    return { seen: [dev, ino, size, mtimeNs, ctimeNs].join(), young: ageMs < YOUNG_MS };
  }

  private async read(): Promise<string> {
    const { fileMaxBytes } = this.options;
    await using file = await open(this.path, "r");
    const buffer = Buffer.allocUnsafe(Math.min((await file.stat()).size, fileMaxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.toString("utf8", 0, length);
      length += bytesRead;
    }
    if (length > fileMaxBytes) throw new RangeError(`it has more than ${fileMaxBytes} bytes`);
    throw new RangeError("it grows while it is read");
  }

  private take(text: string): void {
    const revision = revisionOfText(text);
    if (revision === this.current?.revision) {
      this.complaint = undefined;
      if (this.current.stale === undefined) this.confirm();
      else this.tell({ ...this.current, stale: undefined, confirmedMs: this.clock.nowMs() });
      return;
    }
    const parsed = parseConfigFile(text);
    if (parsed.kind === "bad") {
      this.complain(parsed.reason);
      return;
    }
    this.complaint = undefined;
    const { entries } = parsed;
    this.tell({ revision, entries, confirmedMs: this.clock.nowMs(), stale: undefined });
  }

  private confirm(): void {
    if (this.current === undefined) return;
    this.current = { ...this.current, confirmedMs: this.clock.nowMs() };
  }

  private complain(reason: string): void {
    if (reason === this.complaint) return;
    this.complaint = reason;
    const { path } = this;
    this.logger.warn("config file cannot be taken", { path, reason });
    if (this.current !== undefined) this.tell({ ...this.current, stale: `${path}: ${reason}` });
  }

  private tell(snapshot: ConfigSnapshot): void {
    this.current = snapshot;
    this.listener(snapshot);
  }
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "it may not be read";
    case "EISDIR":
      return "it is a folder";
    default:
      return error.message;
  }
}

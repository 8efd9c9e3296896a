/**
 * Instances from a file that is looked at again and again, so that it may be replaced in any way: a
 * rename over it, a link turned to another file, an editor. What is being written is no JSON until
 * it is whole; a file that cannot be taken changes nothing, and the list says why it may be old.
 *
 * Why look, and not be told (fs.watch)? On network file systems and behind the links by which
 * containers are given their files, nobody is told.
 */
import {
  after,
  type Clock,
  type Logger,
  type Resolution,
  type Resolver,
  type ResolverWatch,
  silentLogger,
} from "@holdfast/core";
import { type FileAccess, systemFiles } from "./file-access.ts";
import { type InstanceLists, parseInstanceLists } from "./instance-list.ts";
import { ListWatch } from "./resolver-watch.ts";

export interface FileResolverOptions {
  /** From one look to the next, in ms, 10 to 3,600,000, default 1,000. */
  readonly lookMs: number;
  /** A larger file is not read, 1 KiB or more, default 4 MiB. */
  readonly fileMaxBytes: number;
}

export const FILE_RESOLVER_DEFAULTS: FileResolverOptions = {
  lookMs: 1_000,
  fileMaxBytes: 4 * 1024 * 1024,
};

export function completeFileResolverOptions(
  input: Partial<FileResolverOptions>,
): FileResolverOptions {
  const options = { ...FILE_RESOLVER_DEFAULTS, ...input };
  const { lookMs, fileMaxBytes } = options;
  if (!(lookMs >= 10 && lookMs <= 3_600_000)) {
    throw new RangeError(`lookMs is ${lookMs}; it must be from 10 to 3600000`);
  }
  if (!(fileMaxBytes >= 1_024)) {
    throw new RangeError(`fileMaxBytes is ${fileMaxBytes}; it must be 1024 or more`);
  }
  return options;
}

export interface FileResolverParts {
  readonly path: string;
  readonly clock: Clock;
  /** Default: this machine's. */
  readonly files?: FileAccess;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

/** The file is JSON: `{ "Service": ["host:port", { "address": "host:port", "weight": 2 }] }`. */
export class FileResolver implements Resolver {
  readonly name: string;
  private readonly parts: Required<FileResolverParts>;
  private readonly options: FileResolverOptions;
  private readonly watches = new Set<ListWatch>();
  /** What was read last, and when; undefined before that. */
  private lists: InstanceLists | undefined = undefined;
  private text = "";
  private complaint: string | undefined = undefined;
  private looking = false;
  private stopTimer: () => void = () => undefined;

  constructor(parts: FileResolverParts, options: Partial<FileResolverOptions> = {}) {
    this.parts = { files: systemFiles, logger: silentLogger, ...parts };
    this.options = completeFileResolverOptions(options);
    this.name = `file ${parts.path}`;
  }

  watch(service: string, listener: (resolution: Resolution) => void): ResolverWatch {
    const watch = new ListWatch(service, listener, {
      close: () => {
        this.watches.delete(watch);
        if (this.watches.size === 0) this.stopTimer();
      },
      refresh: () => undefined,
    });
    this.watches.add(watch);
    if (!this.looking) this.look();
    return watch;
  }

  private look(): void {
    this.stopTimer();
    this.looking = true;
    const { files, path } = this.parts;
    files.read(path, this.options.fileMaxBytes).then(
      (text) => this.onText(text),
      (error: unknown) => this.complain(reasonOf(error)),
    );
  }

  private onText(text: string): void {
    if (this.lists === undefined || text !== this.text) {
      try {
        this.lists = parseInstanceLists(text);
        this.text = text;
      } catch (error) {
        this.complain(reasonOf(error));
        return;
      }
    }
    const { parts, complaint } = this;
    if (complaint !== undefined)
      parts.logger.info("list of instances read again", { from: this.name });
    this.complaint = undefined;
    const nowMs = parts.clock.nowMs();
    // A service that the file does not name has no instances: it is the file that says so.
    for (const watch of this.watches) watch.confirm(this.lists.get(watch.service) ?? [], nowMs);
    this.lookLater();
  }

  private complain(reason: string): void {
    if (reason !== this.complaint) {
      const fields = { from: this.name, reason };
      this.parts.logger.warn("list of instances cannot be taken; the last one stays", fields);
    }
    this.complaint = reason;
    for (const watch of this.watches) watch.doubt(reason);
    this.lookLater();
  }

  private lookLater(): void {
    this.looking = false;
    if (this.watches.size === 0) return;
    this.stopTimer = after(this.parts.clock, this.options.lookMs, () => this.look());
  }
}

function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return "there is no such file";
  return error instanceof Error ? error.message : String(error);
}

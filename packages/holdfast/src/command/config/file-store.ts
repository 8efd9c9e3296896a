/** `holdfast config` on a watched file: replaced by a rename, so that no half is ever read. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { parseConfigFile, revisionOfText } from "@holdfast/adapters/config-file";
import type { ConfigChange } from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";
import {
  type ConfigStore,
  conflict,
  formatVersion,
  type KeptVersion,
  readVersion,
  type StoreView,
  VERSIONS_MAX,
} from "./config-store.ts";

export class FileStore implements ConfigStore {
  readonly name: string;
  private readonly path: string;

  /** `name`: the path as it was typed. */
  constructor(path: string, name: string) {
    this.path = path;
    this.name = `file ${name}`;
  }

  /** A file that is not there yet has no documents: `set` makes it. */
  async read(): Promise<StoreView> {
    const text = this.readText(this.path) ?? "{}";
    const parsed = parseConfigFile(text);
    if (parsed.kind === "bad") {
      const advice = "mend it by hand; nothing was written";
      throw new CommandError(EXIT.usage, `${this.path}: ${parsed.reason}`, advice);
    }
    const documents = [...parsed.entries].map(
      ([path, document]) => [path, { text: document, revision: revisionOfText(document) }] as const,
    );
    return { revision: revisionOfText(text), documents: new Map(documents) };
  }

  async history(path: string): Promise<readonly KeptVersion[]> {
    return this.readHistory()[path] ?? [];
  }

  async write(
    seen: StoreView,
    path: string,
    text: string | undefined,
    replaced: ConfigChange,
  ): Promise<string> {
    const unlock = this.lock();
    try {
      const now = await this.read();
      const before = seen.documents.get(path);
      if (now.documents.get(path)?.text !== before?.text) throw conflict(path);
      const documents = new Map([...now.documents].map(([each, { text: is }]) => [each, is]));
      if (text === undefined) documents.delete(path);
      else documents.set(path, text);
      // The history first: a version too many in it does no harm, one that is lost does.
      const version = { path, text: before?.text, revision: before?.revision ?? "", replaced };
      const history = this.readHistory();
      const kept = [...(history[path] ?? []), version].slice(-VERSIONS_MAX);
      this.writeText(this.historyPath, formatHistory({ ...history, [path]: kept }));
      const written = formatDocuments(documents);
      this.writeText(this.path, written);
      return revisionOfText(written);
    } finally {
      unlock();
    }
  }

  close(): void {
    // A file is open only while it is read or written.
  }

  private get historyPath(): string {
    return `${this.path}.history`;
  }

  private readHistory(): Readonly<Record<string, readonly KeptVersion[]>> {
    const parsed = parseConfigFile(this.readText(this.historyPath) ?? "{}");
    if (parsed.kind === "bad") return {};
    const byPath = [...parsed.entries].map(([path, list]) => {
      const versions = JSON.parse(list) as unknown;
      const kept = Array.isArray(versions)
        ? versions.flatMap((each: unknown) => readVersion(path, JSON.stringify(each)) ?? [])
        : [];
      return [path, kept] as const;
    });
    return Object.fromEntries(byPath);
  }

  private readText(path: string): string | undefined {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw cannot("read", path, error);
    }
  }

  private writeText(path: string, text: string): void {
    const fresh = `${path}.new`;
    try {
      const file = openSync(fresh, "w");
      writeSync(file, text);
      fsyncSync(file);
      closeSync(file);
      renameSync(fresh, path);
    } catch (error) {
      throw cannot("write", path, error);
    }
  }

  /** Two commands at once would each write what it read before the other had written. */
  private lock(): () => void {
    const path = `${this.path}.lock`;
    try {
      closeSync(openSync(path, "wx"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw cannot("write", path, error);
      const advice = `another command is at work; if there is none, remove ${path}`;
      throw new CommandError(EXIT.failed, `${this.path} is locked`, advice, error);
    }
    return () => rmSync(path, { force: true });
  }
}

function formatDocuments(documents: ReadonlyMap<string, string>): string {
  const sorted = [...documents].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const parsed = sorted.map(([path, text]) => [path, JSON.parse(text) as unknown] as const);
  return `${JSON.stringify(Object.fromEntries(parsed), undefined, 2)}\n`;
}

function formatHistory(history: Readonly<Record<string, readonly KeptVersion[]>>): string {
  const lists = Object.entries(history).map(
    ([path, versions]) =>
      [path, versions.map((version) => JSON.parse(formatVersion(version)) as unknown)] as const,
  );
  return `${JSON.stringify(Object.fromEntries(lists), undefined, 2)}\n`;
}

function cannot(what: string, path: string, error: unknown): CommandError {
  const { message } = error as Error;
  const advice = "check that file and folder are yours to read and write";
  return new CommandError(EXIT.failed, `cannot ${what} ${path}: ${message}`, advice, error);
}

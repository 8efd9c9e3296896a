/** Writes a set of files below a folder, and leaves alone those that are right already. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError, EXIT } from "./command.ts";

export interface WrittenFile {
  /** Relative to the folder. */
  readonly name: string;
  /** False when it had the text before. */
  readonly changed: boolean;
}

export interface WriteFilesOptions {
  /** Only look; `changed` says what would be written. Default false. */
  readonly check: boolean;
}

export function writeFiles(
  folder: string,
  files: ReadonlyMap<string, string>,
  options: Partial<WriteFilesOptions> = {},
): WrittenFile[] {
  return [...files].map(([name, text]) => {
    const path = join(folder, name);
    const changed = readIfThere(path) !== text;
    if (changed && options.check !== true) writeFile(path, text);
    return { name, changed };
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cannot("read", path, error);
  }
}

function writeFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw cannot("write", path, error);
  }
}

function cannot(what: string, path: string, error: unknown): CommandError {
  const { message } = error as Error;
  const advice = "check that the folder is yours to write and that the disk has room";
  return new CommandError(EXIT.failed, `cannot ${what} ${path}: ${message}`, advice, error);
}

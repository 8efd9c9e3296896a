/** The files that the repository keeps, as text; a test makes a small one out of strings. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Module } from "./module.ts";

/** Larger files are data. */
const TEXT_MAX_BYTES = 2 * 1024 * 1024;

export class SourceTree {
  /** By path from the root, with forward slashes, sorted. */
  readonly files: ReadonlyMap<string, string>;
  private readonly modules = new Map<string, Module>();

  constructor(files: Iterable<readonly [path: string, text: string]>) {
    this.files = new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Paths of the TypeScript files. */
  get typescript(): string[] {
    return [...this.files.keys()].filter((path) => path.endsWith(".ts"));
  }

  /** A TypeScript file, parsed; once. */
  module(path: string): Module {
    let module = this.modules.get(path);
    if (module === undefined) {
      module = new Module(path, this.text(path));
      this.modules.set(path, module);
    }
    return module;
  }

  text(path: string): string {
    const text = this.files.get(path);
    if (text === undefined) throw new Error(`no such file: ${path}`);
    return text;
  }
}

export function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  return new SourceTree(Object.entries(files));
}

/** Everything that git keeps or would keep: new files too, ignored ones not. */
export function readRepository(root: string): SourceTree {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  const files: [string, string][] = [];
  for (const path of new Set(listed.split("\0"))) {
    const text = path === "" ? undefined : readText(join(root, path));
    if (text !== undefined) files.push([path, text]);
  }
  return new SourceTree(files);
}

/** Undefined when it is no text, or was deleted and git does not know yet. */
function readText(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || stats.size > TEXT_MAX_BYTES) return undefined;
  const text = readFileSync(path, "utf8");
  return text.includes("\0") ? undefined : text;
}

// From the entry file to the parsed files of a compilation: follows the includes, each file once,
// through the caller's reader; nothing here touches a disk.

import { posix } from "node:path";
import { parseDocument } from "./parser.ts";
import { SourceFile } from "./source.ts";
import { quotedPath } from "./token.ts";
import type { IdlOptions } from "./options.ts";
import type { ProblemList } from "./problem.ts";
import type { DocumentNode, NameNode } from "./tree.ts";

/** Gives the text of a file, or undefined when there is none at that path. */
export type ReadSource = (path: string) => string | undefined;

export interface LoadedFile {
  readonly path: string;
  readonly document: DocumentNode;
  readonly includes: readonly LoadedInclude[];
}

export interface LoadedInclude {
  readonly node: NameNode;
  /** What the names of the file are prefixed with. */
  readonly prefix: string;
  /** Undefined when the file cannot be used; that is already reported. */
  readonly file: LoadedFile | undefined;
}

/** Loads a file and all it includes: each once, included files before those that include them. */
export function loadFiles(
  entryPath: string,
  readSource: ReadSource,
  problems: ProblemList,
  options: IdlOptions,
): LoadedFile[] {
  const loader = new Loader(readSource, problems, options);
  return loader.load(entryPath);
}

/** The file's name without folder and extension. */
export function nameOfFile(path: string): string {
  const file = posix.basename(path);
  const dot = file.lastIndexOf(".");
  return dot > 0 ? file.slice(0, dot) : file;
}

class Loader {
  readonly #readSource: ReadSource;
  readonly #problems: ProblemList;
  readonly #options: IdlOptions;
  /** By path; undefined for a file that cannot be used. */
  readonly #files = new Map<string, LoadedFile | undefined>();
  readonly #ordered: LoadedFile[] = [];
  /** The files that are being loaded, each included by the one before it. */
  readonly #open: string[] = [];
  #count = 0;

  constructor(readSource: ReadSource, problems: ProblemList, options: IdlOptions) {
    this.#readSource = readSource;
    this.#problems = problems;
    this.#options = options;
  }

  load(entryPath: string): LoadedFile[] {
    // Normalized, so that an include that leads back to it is known as the same file.
    const path = posix.normalize(entryPath);
    const text = this.#readSource(path);
    if (text === undefined) {
      const message = `cannot read ${quotedPath(path)}`;
      this.#problems.reportFile(path, { code: "unreadable-file", message });
    } else if (this.#isTooLarge(text)) {
      const message = this.#tooLargeMessage(path);
      this.#problems.reportFile(path, { code: "too-large", message });
    } else {
      this.#parse(path, text);
    }
    return this.#ordered;
  }

  #parse(path: string, text: string): LoadedFile {
    const source = new SourceFile(path, text, this.#count++);
    const document = parseDocument(source, this.#problems, this.#options);
    this.#open.push(path);
    const includes = document.includes.map((node) => this.#include(source, node));
    this.#open.pop();
    const file = { path, document, includes };
    this.#files.set(path, file);
    this.#ordered.push(file);
    return file;
  }

  #include(from: SourceFile, node: NameNode): LoadedInclude {
    return { node, prefix: nameOfFile(node.text), file: this.#loadIncluded(from, node) };
  }

  #loadIncluded(from: SourceFile, node: NameNode): LoadedFile | undefined {
    // What is missing after that would not be shown: no need to ask for more files.
    if (this.#problems.full) return undefined;
    const candidates = this.#candidates(from.path, node.text);
    for (const path of candidates) {
      if (this.#open.includes(path)) return this.#reportCycle(from, node, path);
      if (this.#files.has(path)) return this.#files.get(path);
      const text = this.#readSource(path);
      if (text === undefined) continue;
      const file = this.#admit(from, node, path, text) ? this.#parse(path, text) : undefined;
      this.#files.set(path, file);
      return file;
    }
    const tried = candidates.slice(0, 5).map(quotedPath).join(", ");
    const message = `cannot find ${quotedPath(node.text)}; tried ${tried}`;
    this.#problems.report(from, node, { code: "unreadable-file", message });
    return undefined;
  }

  /** Where the included file may be: the folder of the including file, then the include paths. */
  #candidates(from: string, path: string): string[] {
    if (posix.isAbsolute(path)) return [posix.normalize(path)];
    const folders = [posix.dirname(from), ...this.#options.includePaths];
    return [...new Set(folders.map((folder) => posix.join(folder, path)))];
  }

  #admit(from: SourceFile, node: NameNode, path: string, text: string): boolean {
    const { includeDepthMax, filesMax } = this.#options;
    if (this.#open.length >= includeDepthMax) {
      const message = `includes are nested deeper than ${includeDepthMax}`;
      this.#problems.report(from, node, { code: "too-deep", message });
    } else if (this.#count >= filesMax) {
      const message = `more than ${filesMax} files`;
      this.#problems.report(from, node, { code: "too-many-files", message });
    } else if (this.#isTooLarge(text)) {
      const message = this.#tooLargeMessage(path);
      this.#problems.report(from, node, { code: "too-large", message });
    } else {
      return true;
    }
    return false;
  }

  #isTooLarge(text: string): boolean {
    const { sourceMaxBytes } = this.#options;
    // Every UTF-16 unit is at least one byte, so most long texts need no counting.
    return text.length > sourceMaxBytes || Buffer.byteLength(text) > sourceMaxBytes;
  }

  #tooLargeMessage(path: string): string {
    return `${quotedPath(path)} is larger than ${this.#options.sourceMaxBytes} bytes`;
  }

  #reportCycle(from: SourceFile, node: NameNode, path: string): undefined {
    const chain = [...this.#open.slice(this.#open.indexOf(path)), path].map(quotedPath).join(" → ");
    const message = `files include each other in a circle: ${chain}`;
    this.#problems.report(from, node, { code: "include-cycle", message });
  }
}

// Reads IDL files from a disk for compileIdl. The only file of the front end that does I/O.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { compileIdl } from "./compile.ts";
import { completeIdlOptions } from "./options.ts";
import type { CompiledIdl } from "./compile.ts";
import type { ReadSource } from "./load.ts";
import type { IdlOptions } from "./options.ts";

/** Compiles a file from disk with all it includes; see {@link compileIdl}. */
export function compileIdlFile(path: string, options: Partial<IdlOptions> = {}): CompiledIdl {
  const { sourceMaxBytes } = completeIdlOptions(options);
  return compileIdl(path.replaceAll("\\", "/"), diskReader(sourceMaxBytes), options);
}

/**
 * A reader for {@link compileIdl}. It gives undefined for what is not a regular file or cannot be
 * read, and at most one byte more than `maxBytes`: enough for the compiler to refuse the file.
 */
export function diskReader(maxBytes: number): ReadSource {
  return (path) => {
    let file: number | undefined;
    try {
      file = openSync(path, "r");
      const stat = fstatSync(file);
      if (!stat.isFile()) return undefined;
      const buffer = Buffer.alloc(Math.min(stat.size, maxBytes + 1));
      let length = 0;
      while (length < buffer.length) {
        const read = readSync(file, buffer, length, buffer.length - length, length);
        if (read === 0) break;
        length += read;
      }
      return buffer.toString("utf8", 0, length);
    } catch {
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  };
}

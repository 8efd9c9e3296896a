// The door of the IDL front end: a path and a way to read files in, a program or problems out.

import { linkFiles } from "./link.ts";
import { loadFiles } from "./load.ts";
import { completeIdlOptions } from "./options.ts";
import { ProblemList } from "./problem.ts";
import type { ReadSource } from "./load.ts";
import type { Program } from "./model.ts";
import type { IdlOptions } from "./options.ts";
import type { Problem } from "./problem.ts";

export interface CompiledIdl {
  /** Absent when there is at least one error. */
  readonly program: Program | undefined;
  /** Errors and warnings, by file in the order of reading, then by place. */
  readonly problems: readonly Problem[];
}

/**
 * Compiles a Thrift IDL file and all it includes.
 *
 * `readSource` gives the text of a path, or undefined when there is no such file. Paths are those
 * of the includes joined to the folder of the including file, or to one of `includePaths`, with
 * `/` between folders. What it throws passes through; nothing else is thrown, whatever the text.
 */
export function compileIdl(
  entryPath: string,
  readSource: ReadSource,
  options: Partial<IdlOptions> = {},
): CompiledIdl {
  const completed = completeIdlOptions(options);
  const problems = new ProblemList(completed.problemsMax);
  const files = loadFiles(entryPath, readSource, problems, completed);
  const program = linkFiles(files, problems, completed);
  return { program: problems.hasErrors ? undefined : program, problems: problems.sorted() };
}

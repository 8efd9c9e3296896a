// For the tests of the IDL front end: compiles texts that stand in the test.

import assert from "node:assert/strict";
import { compileIdl } from "../compile.ts";
import { formatProblem } from "../problem.ts";
import type { CompiledIdl } from "../compile.ts";
import type { Program } from "../model.ts";
import type { IdlOptions } from "../options.ts";

/** The file that a lone text stands in. */
export const MAIN = "main.thrift";

/** Compiles `main.thrift` out of some files, or out of one text of that name. */
export function compile(
  files: string | Readonly<Record<string, string>>,
  options: Partial<IdlOptions> = {},
): CompiledIdl {
  const sources = typeof files === "string" ? { [MAIN]: files } : files;
  const read = (path: string) => (Object.hasOwn(sources, path) ? sources[path] : undefined);
  return compileIdl(MAIN, read, options);
}

/** The program of files that are expected to be good. */
export function programOf(files: string | Readonly<Record<string, string>>): Program {
  const { program, problems } = compile(files);
  const errors = problems.filter((problem) => problem.severity === "error");
  assert.deepEqual(errors.map(formatProblem), []);
  assert.ok(program);
  return program;
}

/** The problems of files, each as `line:column severity code: message`, `= hint` behind it. */
export function problemsOf(
  files: string | Readonly<Record<string, string>>,
  options: Partial<IdlOptions> = {},
): string[] {
  const { program, problems } = compile(files, options);
  const hasErrors = problems.some((problem) => problem.severity === "error");
  assert.equal(program === undefined, hasErrors, "a program exactly when there is no error");
  return problems.map(({ severity, code, message, hint, position }) => {
    const file = position.path === MAIN ? "" : `${position.path}:`;
    const place = `${file}${position.line}:${position.column}`;
    return `${place} ${severity} ${code}: ${message}${hint === undefined ? "" : ` = ${hint}`}`;
  });
}

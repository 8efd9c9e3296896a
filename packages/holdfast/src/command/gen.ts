/** `holdfast gen`: from Thrift IDL to TypeScript. */
import { resolve } from "node:path";
import { compileIdlFile, formatProblem, generate, type GenerateOptions } from "@holdfast/thrift";
import {
  type Command,
  type CommandInput,
  EXIT,
  type OptionValues,
  textOption,
  usageError,
} from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { type WrittenFile, writeFiles } from "./write-files.ts";

const HELP = `holdfast gen: writes TypeScript for Thrift IDL files and all they include

usage: holdfast gen FILE… --out DIR [options]

  --out DIR             where the files go; made when it is not there
  --import-ending TEXT  how the files name each other: .ts (default) or .js
  --include DIR         also look for includes there; may be given several times
  --check               write nothing; exit with 1 when a file is not what its IDL says

Files that are already right are not touched. The same IDL gives the same bytes.
exit: 0 done, 1 the IDL has problems or (--check) a file is stale, 2 wrong usage

examples:
  holdfast gen idl/greeter.thrift --out src/gen
  holdfast gen idl/*.thrift --out src/gen --check`;

export const genCommand: Command = {
  name: "gen",
  summary: "writes TypeScript for Thrift IDL files",
  help: HELP,
  options: {
    out: { type: "string" },
    "import-ending": { type: "string" },
    include: { type: "string", multiple: true },
    check: { type: "boolean" },
  },
  run: runGen,
};

/** What a service author imports everything from. */
export const DOOR = { thriftPackage: "holdfast", corePackage: "holdfast" } as const;

function runGen({ positionals, values }: CommandInput, terminal: Terminal): number {
  if (positionals.length === 0) {
    throw usageError("no IDL file was given", "holdfast gen idl/greeter.thrift --out src/gen");
  }
  const out = textOption(values, "out");
  if (out === undefined) {
    throw usageError("--out is missing", "add --out DIR: the folder that the files go to");
  }
  const options = { ...DOOR, importEnding: importEndingOf(values) };
  const files = compileAll(positionals, includesOf(values), options, terminal);
  if (files === undefined) return EXIT.failed;
  const check = values["check"] === true;
  const written = writeFiles(resolve(terminal.cwd, out), files, { check });
  return report(written, out, check, terminal);
}

function importEndingOf(values: OptionValues): GenerateOptions["importEnding"] {
  const ending = textOption(values, "import-ending") ?? ".ts";
  if (ending === ".ts" || ending === ".js") return ending;
  throw usageError(`--import-ending is ${ending}`, "it must be .ts or .js");
}

function includesOf(values: OptionValues): string[] {
  const { include } = values;
  return Array.isArray(include) ? include.map(String) : [];
}

/** Every generated file by its name; undefined, and the problems printed, when there are any. */
function compileAll(
  paths: readonly string[],
  includePaths: readonly string[],
  options: Partial<GenerateOptions>,
  terminal: Terminal,
): Map<string, string> | undefined {
  const files = new Map<string, string>();
  let failed = 0;
  for (const path of paths) {
    const { program, problems } = compileIdlFile(resolveFrom(terminal, path), { includePaths });
    for (const problem of problems) terminal.err(formatProblem(problem));
    failed += problems.filter(({ severity }) => severity === "error").length;
    if (program === undefined) continue;
    for (const [name, text] of generate(program, options)) {
      const before = files.get(name);
      if (before !== undefined && before !== text) {
        throw usageError(
          `two different IDL files would both be written to ${name}`,
          "rename one of them, or write them to two folders with two commands",
        );
      }
      files.set(name, text);
    }
  }
  if (failed === 0) return files;
  terminal.err(`${failed === 1 ? "1 problem" : `${failed} problems`}; nothing was written`);
  return undefined;
}

/** As it was typed when that leads there: problems show the path as people know it. */
function resolveFrom(terminal: Terminal, path: string): string {
  return terminal.cwd === process.cwd() ? path : resolve(terminal.cwd, path);
}

function report(
  written: readonly WrittenFile[],
  out: string,
  check: boolean,
  terminal: Terminal,
): number {
  const changed = written.filter(({ changed: was }) => was);
  for (const { name } of changed) {
    terminal.out(`${check ? "not what its IDL says:" : "wrote"} ${out}/${name}`);
  }
  const same = written.length - changed.length;
  if (same > 0) terminal.out(`${same} of ${written.length} unchanged in ${out}`);
  if (!check || changed.length === 0) return EXIT.ok;
  terminal.err("run the same command without --check to write them");
  return EXIT.failed;
}

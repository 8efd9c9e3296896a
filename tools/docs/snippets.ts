/**
 * Code in pages is real code. A block under `<!-- path -->` is that file, word for word, written
 * there by `node tools/docs.ts --write`; every other ```ts block that imports packages must pass
 * the compiler; one that imports nothing, or files beside it, is a part of something, and must at
 * least be TypeScript.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Module } from "../source/module.ts";
import { codeBlocks, type CodeBlock } from "../source/markdown.ts";
import { resolveRelative } from "../source/place.ts";
import type { SourceTree } from "../source/source-tree.ts";
import type { Finding, Rule } from "../tidy/rule.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Inside the repository, so that its packages are found by their names. */
const SCRATCH = join(ROOT, ".cache", "snippets");
/** A page's line that says which file the block below it is. */
const MARK = /(<!-- ([\w./-]+) -->\n+```\w*\n)([^]*?)```/g;

export const snippets: Rule = {
  name: "snippets",
  promise: "code in pages is a file of the repository, or passes the compiler",
  check: (tree) => [...pages(tree).flatMap((path) => checkFiles(tree, path)), ...checkBlocks(tree)],
};

/** The page with every marked block as its file is now. */
export function fillSnippets(tree: SourceTree, path: string): string {
  return tree.text(path).replaceAll(MARK, (whole, head: string, file: string) => {
    const text = tree.files.get(resolveRelative(path, file));
    return text === undefined ? whole : `${head}${text}\`\`\``;
  });
}

export function pages(tree: SourceTree): string[] {
  return [...tree.files.keys()].filter((path) => path.endsWith(".md"));
}

function checkFiles(tree: SourceTree, path: string): Finding[] {
  return Array.from(tree.text(path).matchAll(MARK)).flatMap(([whole, , file, body], index) => {
    const text = tree.files.get(resolveRelative(path, file!));
    if (text === body) return [];
    const line = tree.text(path).slice(0, tree.text(path).indexOf(whole)).split("\n").length;
    const message =
      text === undefined
        ? `there is no ${file}`
        : `block ${index + 1} is not ${file}; run: make gen`;
    return [{ path, line, message }];
  });
}

interface Program {
  readonly path: string;
  readonly block: CodeBlock;
}

function checkBlocks(tree: SourceTree): Finding[] {
  const programs: Program[] = [];
  const findings: Finding[] = [];
  for (const path of pages(tree)) {
    const marked = new Set(Array.from(tree.text(path).matchAll(MARK), ([, , , body]) => body));
    for (const block of codeBlocks(tree.text(path))) {
      if (block.language !== "ts" || marked.has(block.text)) continue;
      try {
        const { imports } = new Module(`${path}.ts`, block.text);
        const isWhole = imports.every(({ specifier }) => !specifier.startsWith("."));
        if (isWhole && imports.length > 0) programs.push({ path, block });
      } catch (error) {
        findings.push({ path, line: block.line, message: (error as Error).message });
      }
    }
  }
  return [...findings, ...compile(programs)];
}

/** One run of the compiler for all of them. */
function compile(programs: readonly Program[]): Finding[] {
  if (programs.length === 0) return [];
  rmSync(SCRATCH, { recursive: true, force: true });
  mkdirSync(SCRATCH, { recursive: true });
  const config = {
    extends: "../../tsconfig.base.json",
    compilerOptions: { noEmit: true, noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
  };
  writeFileSync(join(SCRATCH, "tsconfig.json"), JSON.stringify(config));
  for (const [index, { block }] of programs.entries()) {
    writeFileSync(join(SCRATCH, `${index}.ts`), block.text);
  }
  const compiler = join(ROOT, "node_modules", ".bin", "tsc");
  const { stdout, status } = spawnSync(compiler, ["--pretty", "false", "-p", SCRATCH], {
    cwd: SCRATCH,
    encoding: "utf8",
  });
  const findings = Array.from(
    stdout.matchAll(/^(\d+)\.ts\((\d+),\d+\): error \w+: (.*)$/gm),
    ([, index, line, message]) => {
      const { path, block } = programs[Number(index)]!;
      return { path, line: block.line + Number(line), message: message! };
    },
  );
  if (status !== 0 && findings.length === 0) throw new Error(`the compiler failed: ${stdout}`);
  return findings;
}

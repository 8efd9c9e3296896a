/** What a tidy rule is: it looks at the whole tree and says what is not as it should be. */
import type { SourceTree } from "../source/source-tree.ts";

export interface Finding {
  readonly path: string;
  /** From 1; left out when it is about the whole file. */
  readonly line?: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

export interface Rule {
  /** Its file's name. */
  readonly name: string;
  /** What it keeps, as a promise. */
  readonly promise: string;
  readonly check: (tree: SourceTree) => Finding[];
}

export function formatFinding({ path, line, message }: Finding): string {
  return `${line === undefined ? path : `${path}:${line}`}: ${message}`;
}

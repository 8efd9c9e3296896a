// What the front end says when something is wrong: one record per problem, and its form on a
// terminal. The list has a bound, so a file of nonsense is answered as fast as a good one.

import { harmless } from "./source.ts";
import type { Excerpt, Position, SourceFile, Span } from "./source.ts";

/** What kind of problem it is: a closed list, for tools; people read the message. */
export type ProblemCode =
  // reading
  | "unreadable-file"
  | "include-cycle"
  | "too-large"
  | "too-deep"
  | "too-many-files"
  | "too-many-problems"
  // words and grammar
  | "unexpected-character"
  | "unterminated-comment"
  | "unterminated-literal"
  | "bad-escape"
  | "bad-number"
  | "syntax"
  | "historical"
  // names and ids
  | "duplicate-name"
  | "duplicate-id"
  | "missing-id"
  | "id-out-of-range"
  | "unknown-name"
  | "ambiguous-name"
  // shapes
  | "typedef-cycle"
  | "extends-cycle"
  | "constant-cycle"
  | "infinite-value"
  | "bad-oneway"
  | "bad-throws"
  | "bad-union"
  | "ignored"
  // constants
  | "wrong-type"
  | "out-of-range"
  | "unknown-enum-value"
  | "unknown-field"
  | "missing-field"
  | "duplicate-key"
  | "duplicate-value";

/** Another place that helps to understand a problem. */
export interface RelatedPlace {
  readonly message: string;
  readonly position: Position;
}

/** One problem of one file. It holds all that is needed to show it. */
export interface Problem {
  /** No program comes out of a compilation that has an error; warnings change nothing. */
  readonly severity: "error" | "warning";
  readonly code: ProblemCode;
  /** What is wrong and what was expected. */
  readonly message: string;
  /** What to do, often a name that was probably meant. */
  readonly hint: string | undefined;
  readonly position: Position;
  /** The source line; absent when the file could not be read. */
  readonly excerpt: Excerpt | undefined;
  readonly related: readonly RelatedPlace[];
}

/** What a check says to {@link ProblemList.report}. */
export interface ProblemReport {
  readonly code: ProblemCode;
  readonly message: string;
  readonly severity?: "error" | "warning";
  /** A function when finding the hint takes work: it is not called once the list is full. */
  readonly hint?: string | (() => string | undefined) | undefined;
  readonly related?: readonly RelatedPlace[];
}

/**
 * The problem as a compiler would print it, several lines without a final line break:
 *
 *     feed.thrift:3:15: error: unknown type "ItemKnd"
 *       3 |   3: optional ItemKnd kind
 *         |               ^^^^^^^
 *         = did you mean "ItemKind"?
 */
export function formatProblem(problem: Problem): string {
  const { position, excerpt } = problem;
  const lines = [`${formatPosition(position)}: ${problem.severity}: ${problem.message}`];
  const number = String(position.line);
  const margin = " ".repeat(number.length + 2);
  if (excerpt !== undefined) {
    const before = excerpt.text.slice(0, excerpt.caretStart);
    // One blank per character, not per UTF-16 unit; a tab stays a tab, whatever its width.
    const padding = before.replace(/[^\t]/gu, " ");
    const marked = excerpt.text
      .slice(excerpt.caretStart, excerpt.caretStart + excerpt.caretLength)
      .replace(/./gu, "^");
    lines.push(`  ${number} | ${excerpt.text}`);
    lines.push(`${margin} | ${padding}${marked || "^"}`);
  }
  if (problem.hint !== undefined) lines.push(`${margin} = ${problem.hint}`);
  for (const related of problem.related) {
    lines.push(`${margin} = ${formatPosition(related.position)}: ${related.message}`);
  }
  return lines.join("\n");
}

function formatPosition(position: Position): string {
  return `${harmless(position.path)}:${position.line}:${position.column}`;
}

interface RecordedProblem {
  readonly problem: Problem;
  readonly fileIndex: number;
  readonly offset: number;
}

/** The problems of one compilation, up to a number. */
export class ProblemList {
  readonly #limit: number;
  readonly #recorded: RecordedProblem[] = [];
  #errorCount = 0;
  #warningCount = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when a further error would not be recorded: work for its sake may stop. */
  get full(): boolean {
    return this.#errorCount >= this.#limit;
  }

  get hasErrors(): boolean {
    return this.#errorCount > 0;
  }

  /** Records a problem at a span of a file, unless the list is full. */
  report(source: SourceFile, span: Span, report: ProblemReport): void {
    if (!this.#count(report.severity ?? "error")) return;
    const hint = typeof report.hint === "function" ? report.hint() : report.hint;
    this.#recorded.push({
      fileIndex: source.index,
      offset: span.start,
      problem: {
        severity: report.severity ?? "error",
        code: report.code,
        message: report.message,
        hint,
        position: source.positionOf(span.start),
        excerpt: source.excerptOf(span),
        related: report.related ?? [],
      },
    });
  }

  /** Records that a file as a whole could not be used. */
  reportFile(path: string, report: ProblemReport): void {
    if (!this.#count("error")) return;
    this.#recorded.push({
      fileIndex: 0,
      offset: 0,
      problem: {
        severity: "error",
        code: report.code,
        message: report.message,
        hint: undefined,
        position: { path, line: 1, column: 1 },
        excerpt: undefined,
        related: [],
      },
    });
  }

  /** All of them, by file in the order of reading, then by place. */
  sorted(): Problem[] {
    const sorted = this.#recorded.toSorted(
      (one, other) => one.fileIndex - other.fileIndex || one.offset - other.offset,
    );
    const problems = sorted.map((recorded) => recorded.problem);
    const last = problems.at(-1);
    if (last === undefined) return problems;
    for (const [severity, count] of [
      ["error", this.#errorCount],
      ["warning", this.#warningCount],
    ] as const) {
      if (count <= this.#limit) continue;
      problems.push({
        ...last,
        severity,
        code: "too-many-problems",
        message: `too many ${severity}s: only the first ${this.#limit} are shown`,
        hint: undefined,
        excerpt: undefined,
        related: [],
      });
    }
    return problems;
  }

  /** Counts one problem; false when it is over the limit. */
  #count(severity: "error" | "warning"): boolean {
    const count = severity === "error" ? ++this.#errorCount : ++this.#warningCount;
    return count <= this.#limit;
  }
}

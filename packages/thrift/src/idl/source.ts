// One source file: its text, and the way from an offset in it to a line and a column. Tree nodes
// keep offsets only; positions are made where a person will read them.

/** A place in a source file. Lines and columns start at 1; columns count UTF-16 units. */
export interface Position {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** A stretch of a source text: from offset `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A part of one source line that fits a terminal, and where in it a caret belongs. */
export interface Excerpt {
  /** The text, made harmless to print: control and direction characters are replaced. */
  readonly text: string;
  /** How many characters of `text` stand before the caret. */
  readonly caretStart: number;
  /** How many characters the caret underlines, at least 1. */
  readonly caretLength: number;
}

/** The widest excerpt: a 4 MiB line must not become a 4 MiB message. */
const EXCERPT_WIDTH_MAX = 120;
/** How much of the line is kept before the caret when the line is cut. */
const EXCERPT_BEFORE_CARET = 60;

/** One source text with its path. */
export class SourceFile {
  readonly path: string;
  readonly text: string;
  /** The order in which files were read; problems are sorted by it. */
  readonly index: number;
  #lineStarts: readonly number[] | undefined;

  constructor(path: string, text: string, index = 0) {
    this.path = path;
    this.text = text;
    this.index = index;
  }

  /** The line and column of an offset, which may be the end of the text. */
  positionOf(offset: number): Position {
    const line = this.#lineIndexOf(offset);
    const start = this.#starts()[line] ?? 0;
    return { path: this.path, line: line + 1, column: offset - start + 1 };
  }

  /** The line around a span, cut to a width that fits a terminal. */
  excerptOf(span: Span): Excerpt {
    const starts = this.#starts();
    const line = this.#lineIndexOf(span.start);
    const lineStart = starts[line] ?? 0;
    const nextStart = starts[line + 1];
    const lineEnd = nextStart === undefined ? this.text.length : nextStart - 1;
    const cut = lineEnd - lineStart > EXCERPT_WIDTH_MAX;
    const from = cut ? Math.max(lineStart, span.start - EXCERPT_BEFORE_CARET) : lineStart;
    const to = cut ? Math.min(lineEnd, from + EXCERPT_WIDTH_MAX) : lineEnd;
    const before = harmless(this.text.slice(from, span.start));
    const marked = harmless(this.text.slice(span.start, Math.min(span.end, to)));
    const after = harmless(this.text.slice(Math.max(span.start, Math.min(span.end, to)), to));
    const left = from > lineStart ? "…" : "";
    const right = to < lineEnd ? "…" : "";
    return {
      text: (left + before + marked + after).trimEnd() + right,
      caretStart: left.length + before.length,
      caretLength: Math.max(1, marked.trimEnd().length),
    };
  }

  #lineIndexOf(offset: number): number {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #starts(): readonly number[] {
    if (this.#lineStarts !== undefined) return this.#lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf("\n"); at >= 0; at = this.text.indexOf("\n", at + 1)) {
      starts.push(at + 1);
    }
    this.#lineStarts = starts;
    return starts;
  }
}

/**
 * The text with everything replaced that could move a terminal's cursor, change its colours or
 * reorder what is read (control, format and separator characters); a tab stays a tab.
 */
export function harmless(text: string): string {
  return text.replace(/[^\P{C}\t]|[\u2028\u2029]/gu, "\uFFFD");
}

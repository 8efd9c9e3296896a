/**
 * One word of a command line, as clients write them for a shell that is not there: bare, in single
 * or in double quotes, or pieces of these side by side (git writes `it's` as `'it'\''s'`). Nothing
 * is ever expanded: what a shell would act on is refused, in quotes by the check of the repository.
 */

/** A word without its quotes, and where what follows it begins; or why it is none. */
export type ReadWord = { readonly word: string; readonly end: number } | { readonly wrong: string };

/** What needs no quotes in any shell: what Mercurial leaves bare, and the tilde. */
const BARE = /[A-Za-z0-9@%_+=:,./~-]+/y;
/** What git puts outside its quotes. */
const ESCAPED = /\\(['!])/y;

/** Reads from `start` to the next blank outside quotes, or to the end. */
export function readWord(text: string, start: number): ReadWord {
  let word = "";
  let at = start;
  while (at < text.length && text[at] !== " ") {
    const first = text[at]!;
    if (first === "'" || first === '"') {
      const close = text.indexOf(first, at + 1);
      if (close < 0) return { wrong: "a quote is opened and not closed" };
      word += text.slice(at + 1, close);
      at = close + 1;
      continue;
    }
    const piece = matchAt(BARE, text, at) ?? matchAt(ESCAPED, text, at);
    if (piece === undefined) return { wrong: "outside of quotes there is a special character" };
    word += piece[1] ?? piece[0];
    at += piece[0].length;
  }
  return { word, end: at };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

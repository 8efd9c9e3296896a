// A doc comment without its decoration: what stood between /** and */, less the leading stars and
// the indentation that all lines share. Loops instead of patterns: a comment may be megabytes of
// stars, on which a backtracking pattern would take hours.

/**
 * The text of a comment that starts with two stars, delimiters included in the argument. Lines
 * keep their indentation against each other, so code in a comment survives. Undefined when
 * nothing is left.
 */
export function cleanDocComment(comment: string): string | undefined {
  let start = 1;
  while (comment[start] === "*") start++;
  let end = comment.length - 1;
  while (end > start && comment[end - 1] === "*") end--;
  const [first = "", ...rest] = splitLines(comment.slice(start, end));
  const lines = [first.trimStart(), ...withoutIndent(withoutStars(rest))];
  const from = lines.findIndex((line) => line !== "");
  if (from < 0) return undefined;
  return lines.slice(from, lines.findLastIndex((line) => line !== "") + 1).join("\n");
}

function splitLines(text: string): string[] {
  return text.split("\n").map((line) => line.trimEnd());
}

/** Takes the leading star off, but only if each line has one: else it may be a list's bullet. */
function withoutStars(lines: readonly string[]): readonly string[] {
  const starred = lines.every((line) => line === "" || line.trimStart().startsWith("*"));
  return starred ? lines.map((line) => line.trimStart().slice(1)) : lines;
}

function withoutIndent(lines: readonly string[]): string[] {
  let common = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const text = line.trimStart();
    if (text !== "") common = Math.min(common, line.length - text.length);
  }
  return lines.map((line) => line.slice(Math.min(common, line.length)).trimEnd());
}

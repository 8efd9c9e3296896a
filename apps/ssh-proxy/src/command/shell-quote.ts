/** Words for a shell on the other side, so that it reads exactly what was meant. */

/**
 * The text as one word for any Bourne shell, and for csh, which would act on `!` even in quotes.
 * It must not contain NUL, which no argument of a program can. Throws a RangeError for that.
 */
export function quoteForShell(text: string): string {
  if (text.includes("\0")) throw new RangeError("a word for a shell cannot contain NUL");
  return `'${text.replace(/['!]/g, (character) => `'\\${character}'`)}'`;
}

/**
 * Text from outside (names, messages, addresses) made harmless before it reaches a log line, a
 * terminal or a page: it can neither end the line, nor move the cursor, nor turn the text around.
 */

/**
 * C0 with tab and line ends, DEL, C1, the line and paragraph separators, and the marks that turn
 * the direction of what follows ("Trojan Source", CVE-2021-42574).
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const UNSAFE_ALL = new RegExp(UNSAFE.source, "g");

/** Every unsafe character becomes its `\uXXXX`; other text comes back as it is. */
export function escapeControl(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, escapeOne) : text;
}

/**
 * At most `lengthMax` UTF-16 units of the text, as a string of its own: a plain `slice` would keep
 * the whole text in memory for as long as the piece lives.
 */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return Buffer.from(text.slice(0, lengthMax), "utf16le").toString("utf16le");
}

function escapeOne(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

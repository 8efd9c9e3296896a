/** Doc comments of the IDL in generated code. */
import { hardLine, join, type Layout, WIDTH } from "./layout.ts";

/** The comment as a layout that ends with a line break, or nothing when there is none. */
export function docLayout(doc: string | undefined, depth = 0): Layout {
  const text = doc === undefined ? undefined : docText(doc, depth);
  return text === undefined ? [] : [join(text, hardLine), hardLine];
}

/** The lines of a doc comment; undefined when it says nothing. */
export function docText(doc: string, depth = 0): string[] | undefined {
  const lines = doc.replaceAll("*/", "*\\/").split(/\r?\n/);
  const trimmed = lines.map((text) => text.trimEnd());
  while (trimmed.at(0) === "") trimmed.shift();
  while (trimmed.at(-1) === "") trimmed.pop();
  const [first] = trimmed;
  if (first === undefined) return undefined;
  const single = `/** ${first} */`;
  if (trimmed.length === 1 && depth * 2 + single.length <= WIDTH) return [single];
  return ["/**", ...trimmed.map((text) => (text === "" ? " *" : ` * ${text}`)), " */"];
}

/** The text of a configuration file, `{"CALLER/CALLEE/METHOD": {…}, …}`, as entries of a source. */
import { createHash } from "node:crypto";
import { cutText } from "@holdfast/core";

export type ParsedConfigFile =
  | { readonly kind: "entries"; readonly entries: ReadonlyMap<string, string> }
  | { readonly kind: "bad"; readonly reason: string };

const REASON_MAX_LENGTH = 200;

/** Looks at the outside only; what the documents say is checked by whoever takes them. */
export function parseConfigFile(text: string): ParsedConfigFile {
  let parsed: unknown = undefined;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return bad(`it is no JSON: ${cutText((error as Error).message, REASON_MAX_LENGTH)}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return bad('it must be an object such as {"CALLER/CALLEE/METHOD": {…}}');
  }
  const entries = new Map<string, string>();
  for (const [path, document] of Object.entries(parsed)) {
    entries.set(path, JSON.stringify(document));
  }
  return { kind: "entries", entries };
}

/** The same text has the same revision in every process that reads it. */
export function revisionOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function bad(reason: string): ParsedConfigFile {
  return { kind: "bad", reason };
}

/** What `set` and `diff` are given, as a document: all of it as JSON, or single fields of it. */
import { CHANGE_FIELD, cutText } from "@holdfast/core";
import { usageError } from "../command.ts";

type Fields = Record<string, Record<string, unknown>>;

const FIELD = /^([A-Za-z]\w*)\.([A-Za-z]\w*)=(.*)$/s;
const HOW = `give the document as '{"retry": {"triesMax": 2}}', or fields as retry.triesMax=2`;
const SHOWN_MAX_LENGTH = 100;

/** The new text without who changed it; undefined when the document is to go. */
export function readDocumentArguments(
  words: readonly string[],
  before: string | undefined,
): string | undefined {
  const [first] = words;
  if (first === undefined) throw usageError("what to set is missing", HOW);
  if (first === "null") {
    if (words.length > 1) throw usageError(`${words[1]} is one word too many`, HOW);
    return undefined;
  }
  if (first.trimStart().startsWith("{")) {
    if (words.length > 1) throw usageError(`${words[1]} is one word too many`, HOW);
    return JSON.stringify(withoutChange(parseObject(first)));
  }
  const fields = before === undefined ? {} : withoutChange(parseObject(before));
  for (const word of words) setField(fields, word);
  return Object.keys(fields).length === 0 ? undefined : JSON.stringify(fields);
}

/** The document as it is compared and shown: who changed it last is not part of it. */
export function withoutChangeText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : JSON.stringify(withoutChange(parseObject(text)));
}

function setField(fields: Fields, word: string): void {
  const [, policy = "", field = "", value = ""] = FIELD.exec(word) ?? [];
  if (policy === "") throw usageError(`${JSON.stringify(word)} sets nothing`, HOW);
  const values = Object.hasOwn(fields, policy) ? { ...fields[policy] } : {};
  if (value === "") delete values[field];
  else values[field] = parseValue(value);
  if (Object.keys(values).length === 0) delete fields[policy];
  else fields[policy] = values;
}

/** A word that is no JSON is a text: `degrade.mode=fallback` needs no quotes. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseObject(text: string): Fields {
  let parsed: unknown = undefined;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw usageError(`no JSON: ${cutText((error as Error).message, SHOWN_MAX_LENGTH)}`, HOW);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Fields;
  }
  throw usageError(`${cutText(text, SHOWN_MAX_LENGTH)} is no object`, HOW);
}

function withoutChange(document: Fields): Fields {
  const { [CHANGE_FIELD]: _change, ...rest } = document;
  return rest;
}

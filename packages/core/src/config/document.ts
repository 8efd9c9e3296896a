/**
 * One document: from its text to checked values. Whatever the text is, there come values that the
 * schemas allow, or problems that say what is wrong with it; nothing in between.
 */
import { cutText } from "../log/escape.ts";
import { describeField, fits, type AnyLiveSchema, type LiveSchemas } from "./live-schema.ts";

/** Who changed a document, when and why; `holdfast config set` writes it. */
export interface ConfigChange {
  readonly by?: string;
  /** ISO 8601. */
  readonly at?: string;
  readonly why?: string;
}

export interface ConfigDocument {
  /** Policy → field → value. */
  readonly policies: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly change: ConfigChange | undefined;
}

export interface ConfigProblem {
  /** The document's path. */
  readonly path: string;
  /** What is wrong in it, beginning with the field where there is one. */
  readonly reason: string;
}

export interface DocumentLimits {
  readonly documentMaxBytes: number;
  readonly depthMax: number;
}

/** Beside the policies a document may say who changed it. */
export const CHANGE_FIELD = "$change";
const CHANGE_PARTS: ReadonlySet<string> = new Set(["by", "at", "why"]);
const CHANGE_PART_MAX_LENGTH = 500;
const SHOWN_MAX_LENGTH = 100;

/** Undefined when it added to `problems`. */
export function readDocument(
  path: string,
  text: string,
  schemas: LiveSchemas,
  limits: DocumentLimits,
  problems: ConfigProblem[],
): ConfigDocument | undefined {
  const before = problems.length;
  const complain = (reason: string): void => void problems.push({ path, reason });
  const parsed = parse(text, limits, complain);
  if (parsed === undefined) return undefined;
  const policies = new Map<string, ReadonlyMap<string, unknown>>();
  let change: ConfigChange | undefined = undefined;
  for (const [name, value] of Object.entries(parsed)) {
    if (name === CHANGE_FIELD) {
      change = readChange(value, complain);
      continue;
    }
    const schema = schemas.get(name);
    if (schema === undefined) complain(noSuch("policy", name, [...schemas.keys()]));
    else policies.set(name, readPolicy(schema, value, complain));
  }
  return problems.length === before ? { policies, change } : undefined;
}

type Complain = (reason: string) => void;

function parse(text: string, limits: DocumentLimits, complain: Complain): object | undefined {
  const { documentMaxBytes, depthMax } = limits;
  // A character has one byte at least: most texts need not be counted twice.
  if (text.length > documentMaxBytes || Buffer.byteLength(text) > documentMaxBytes) {
    complain(`is larger than ${documentMaxBytes} bytes`);
    return undefined;
  }
  let value: unknown = undefined;
  try {
    value = JSON.parse(text);
  } catch (error) {
    complain(`is no JSON: ${cutText((error as Error).message, SHOWN_MAX_LENGTH)}`);
    return undefined;
  }
  if (!isObject(value)) {
    complain(`is ${show(value)}; it must be an object of policies`);
    return undefined;
  }
  const depth = complaintAboutDepth(value, depthMax);
  if (depth === undefined) return value;
  complain(depth);
  return undefined;
}

function readPolicy(
  { policy, fields }: AnyLiveSchema,
  value: unknown,
  complain: Complain,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (!isObject(value)) {
    complain(`${policy}: is ${show(value)}; it must be an object of fields`);
    return values;
  }
  for (const [name, one] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      complain(`${policy}: ${noSuch("field", name, Object.keys(fields))}`);
    } else if (!fits(field, one)) {
      complain(`${policy}.${name}: is ${show(one)}; it must be ${describeField(field)}`);
    } else {
      values.set(name, one === null && field.optional === true ? undefined : one);
    }
  }
  return values;
}

function readChange(value: unknown, complain: Complain): ConfigChange | undefined {
  const parts = isObject(value) ? Object.entries(value) : undefined;
  const fine = parts?.every(([name, part]) => {
    const short = typeof part === "string" && part.length <= CHANGE_PART_MAX_LENGTH;
    return CHANGE_PARTS.has(name) && short;
  });
  if (fine === true) return value as ConfigChange;
  complain(
    `${CHANGE_FIELD}: is ${show(value)}; it must have no more than the texts by, at and why`,
  );
  return undefined;
}

/** `__proto__` is refused wherever it stands: somebody may copy the value field by field. */
function complaintAboutDepth(value: unknown, depthLeft: number): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depthLeft === 0) return "is nested too deeply";
  if (Object.hasOwn(value, "__proto__")) return "has a field that is named __proto__";
  for (const one of Object.values(value)) {
    const complaint = complaintAboutDepth(one, depthLeft - 1);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function noSuch(what: string, name: string, names: readonly string[]): string {
  const known = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
  return `there is no ${what} ${show(name)}; ${known}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_MAX_LENGTH ? text : `${cutText(text, SHOWN_MAX_LENGTH)}…`;
}

/** The JSON of the command line as the arguments of a method. */
import { ServiceError } from "@holdfast/core";
import { fromJson, type MethodSchema, structType } from "@holdfast/thrift";
import { type CommandError, usageError } from "../command.ts";

/** By the arguments' properties. Throws a CommandError that says where the JSON is wrong. */
export function readArguments(method: MethodSchema, text: string): Record<string, unknown> {
  const json = byName(method, parse(text));
  const given = typeof json === "object" && json !== null ? Object.keys(json) : [];
  const missing = method.arguments.fields.find(
    (field) => !given.includes(field.name) && field.default === undefined,
  );
  try {
    const args = fromJson(structType(method.arguments), json) as Record<string, unknown>;
    if (missing === undefined) return args;
  } catch (error) {
    throw wrongJson(method, ServiceError.from(error).message);
  }
  throw wrongJson(method, `${missing.name}: the argument is missing`);
}

function wrongJson(method: MethodSchema, message: string): CommandError {
  const fields = method.arguments.fields.map(({ name, type }) => `"${name}": ${type.kind}`);
  const shape = fields.length === 0 ? "no arguments: '{}'" : `{${fields.join(", ")}}`;
  return usageError(message, `${method.arguments.name} takes ${shape}; nothing was sent`);
}

/** One struct is all the arguments there are: it may stand there without its name. */
function byName(method: MethodSchema, json: unknown): unknown {
  const [only, ...others] = method.arguments.fields;
  if (only?.type.kind !== "struct" || others.length > 0) return json;
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  return Object.hasOwn(json, only.name) ? json : { [only.name]: json };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits) as unknown;
  } catch (error) {
    const { message } = error as Error;
    const advice = "put it between single quotes, and names between double ones: '{\"id\": 7}'";
    throw usageError(`the arguments are no JSON: ${message}`, advice);
  }
}

/** A whole number that JavaScript would round stays as it was written. */
function keepDigits(_name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) {
    return value;
  }
  return /^-?\d+$/.test(source) && String(value) !== source ? source : value;
}

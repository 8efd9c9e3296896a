/**
 * Makes a value fit for a log line: plain, of bounded size, without control characters, whatever
 * it was. Errors become objects, bigints and bytes become text.
 */
import { cutText, escapeControl, ServiceError } from "@holdfast/core";

/** Deep enough for an error with its causes; what is deeper is named, not shown. */
const DEPTH_MAX = 5;
const TEXT_MAX_LENGTH = 8_192;
const ELEMENTS_MAX = 100;

/** Never throws. */
export function loggable(value: unknown, depth = 0): unknown {
  try {
    return loggableOf(value, depth);
  } catch {
    return "[unreadable]";
  }
}

/** The fields of a line; a name is text from outside like any other. */
export function loggableFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = loggable(fields);
  return typeof result === "object" && result !== null ? { ...result } : { fields: result };
}

export function loggableText(text: string): string {
  const cut = text.length <= TEXT_MAX_LENGTH ? text : `${cutText(text, TEXT_MAX_LENGTH)}…`;
  return escapeControl(cut);
}

function loggableOf(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return loggableText(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      return String(value);
    case "symbol":
    case "function":
      return `[${typeof value}]`;
    case "object":
      return value === null ? null : loggableObject(value, depth);
  }
}

function loggableObject(value: object, depth: number): unknown {
  if (value instanceof Error) return loggableError(value, depth);
  if (depth >= DEPTH_MAX) return Array.isArray(value) ? "[array]" : "[object]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[no date]" : value.toJSON();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return loggableEntries([...value], depth);
  if (value instanceof Set) return loggableArray([...value], depth);
  if (Array.isArray(value)) return loggableArray(value, depth);
  return loggableEntries(Object.entries(value), depth);
}

function loggableArray(values: readonly unknown[], depth: number): unknown[] {
  const shown = values.slice(0, ELEMENTS_MAX).map((one) => loggable(one, depth + 1));
  if (values.length > ELEMENTS_MAX) shown.push(`[${values.length - ELEMENTS_MAX} more]`);
  return shown;
}

function loggableEntries(
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
): Record<string, unknown> {
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries.slice(0, ELEMENTS_MAX)) {
    result[loggableText(String(key))] = loggable(value, depth + 1);
  }
  if (entries.length > ELEMENTS_MAX) result["…"] = `[${entries.length - ELEMENTS_MAX} more]`;
  return result;
}

function loggableError(error: Error, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = { name: loggableText(error.name) };
  const { code } = error as { code?: unknown };
  if (code !== undefined) result["code"] = loggable(code, depth + 1);
  result["message"] = loggableText(error.message);
  if (error instanceof ServiceError) result["workStarted"] = error.workStarted;
  // A line each: a stack in one string could only be read with its line ends, which text from
  // outside (the message stands in it) must not be able to write.
  const frames = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  if (frames.length > 0) result["stack"] = frames.map((line) => loggableText(line.trim()));
  if (error.cause !== undefined && depth < DEPTH_MAX) {
    result["cause"] = loggable(error.cause, depth + 1);
  }
  return result;
}

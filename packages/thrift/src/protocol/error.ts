/** The errors of reading and writing, made apart so that the straight line stays small. */
import { ServiceError } from "@holdfast/core";

export function truncated(what: string, needed: number, left: number): ServiceError {
  return protocolError(`${what} needs ${needed} bytes, ${Math.max(0, left)} are left in the frame`);
}

export function protocolError(message: string): ServiceError {
  return new ServiceError("protocol", message, { workStarted: "no" });
}

export function missingField(struct: string, field: string): ServiceError {
  return new ServiceError("protocol", `${struct}.${field} is required and missing`, {
    workStarted: "no",
  });
}

/** A value that its field cannot hold; a mistake of whoever made the value. */
export function badValue(message: string): ServiceError {
  return new ServiceError("invalid", message, { workStarted: "no" });
}

/** A union that has no field, several, or one that nobody here knows. */
export function notOneField(union: string, count: number): ServiceError {
  const has = count === 1 ? "a field that is not known here" : `${count} fields, expected 1`;
  return protocolError(`union ${union} has ${has}`);
}

/** A union made by whoever sends it with a `field` that it does not have. */
export function unknownMember(union: string, value: unknown): ServiceError {
  const field = (value as { field?: unknown } | null | undefined)?.field;
  return badValue(`union ${union} has no field ${JSON.stringify(String(field).slice(0, 64))}`);
}

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

/** What a call is told that was hit by a fault. Each message says that it was on purpose. */
import { type ErrorCode, ServiceError, type WorkStarted } from "@holdfast/core";

export function faultError(id: string, code: ErrorCode, workStarted: WorkStarted): ServiceError {
  return new ServiceError(code, `fault ${id}: failed on purpose`, { workStarted });
}

/** A dropped call without a deadline, when the fault itself is over. */
export function dropOver(id: string): ServiceError {
  return new ServiceError("unavailable", `fault ${id}: dropped on purpose, and the fault is over`);
}

/** The call was over before it was made. */
export function neverMade(reason: ServiceError): ServiceError {
  const { code, message } = reason;
  return new ServiceError(code, message, { cause: reason, workStarted: "no" });
}

/** What a call is told that found neither a slot nor a place in the queue. */
import { ServiceError } from "@holdfast/core";

export function queueFull(callsMax: number, queueMax: number): ServiceError {
  const message = `${callsMax} calls are at work and ${queueMax} wait; no room for another`;
  return new ServiceError("overloaded", message, { workStarted: "no" });
}

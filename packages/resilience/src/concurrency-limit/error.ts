/** What a call is told that found no slot in time. No work began, so it may try elsewhere. */
import { ServiceError } from "@holdfast/core";

/** Neither a slot nor a place in the queue. */
export function queueFull(callsMax: number, queueMax: number): ServiceError {
  const message = `${callsMax} calls are at work and ${queueMax} wait; no room for another`;
  return new ServiceError("overloaded", message, { workStarted: "no" });
}

/** It waited in a queue that does not get shorter; those who came later are served first. */
export function waitedTooLong(waitedMs: number, patienceMs: number): ServiceError {
  const message =
    `waited ${waitedMs.toFixed(1)} ms for a slot, ` +
    `more than ${patienceMs.toFixed(1)} ms in a queue that does not empty`;
  return new ServiceError("overloaded", message, { workStarted: "no" });
}

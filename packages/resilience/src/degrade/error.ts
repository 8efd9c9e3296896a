/** What a call is told that was dropped on purpose and has no fallback. */
import { ServiceError } from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";

export function droppedOnPurpose({ callee, method }: CallKey, dropRatio: number): ServiceError {
  const percent = Math.round(dropRatio * 1000) / 10;
  const message = `${callee}.${method} is degraded: ${percent} % of its calls are not made`;
  return new ServiceError("degraded", message, { workStarted: "no" });
}

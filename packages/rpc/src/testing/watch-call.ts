/** What became of a call, looked at without waiting for it. */
import type { ServiceError } from "@holdfast/core";

export interface WatchedCall<Value> {
  readonly name: string;
  settled: "no" | "resolved" | "rejected";
  value: Value | undefined;
  error: ServiceError | undefined;
  readonly promise: Promise<Value>;
}

export function watchCall<Value>(promise: Promise<Value>, name = ""): WatchedCall<Value> {
  const call: WatchedCall<Value> = {
    name,
    settled: "no",
    value: undefined,
    error: undefined,
    promise,
  };
  promise.then(
    (value) => {
      call.settled = "resolved";
      call.value = value;
    },
    (error: unknown) => {
      call.settled = "rejected";
      call.error = error as ServiceError;
    },
  );
  return call;
}

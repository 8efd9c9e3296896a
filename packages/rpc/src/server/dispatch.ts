/** ⑤ The last service of the stack: the handler's method itself. */
import { type DirectService, toDirect } from "@holdfast/core";
import type { ServerCall } from "./server-call.ts";

export function dispatch<Handler>(handler: Handler): DirectService<ServerCall<Handler>, unknown> {
  return toDirect((context, call) => {
    call.begun = true;
    const working: unknown = call.method.definition.invoke(handler, context, call.args);
    // A handler in plain JavaScript may answer without a promise.
    return working instanceof Promise ? working : Promise.resolve(working);
  });
}

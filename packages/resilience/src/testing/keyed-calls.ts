/** What tests of policies tell them of their calls, which are words: `get a`, `put b`. */
import type { CallKey, CallTraits } from "../call-traits.ts";

/** The method is the first word of the call, and only `get` is idempotent. */
export function keyedCalls(callee = "history", caller = "feed"): CallTraits<string> {
  const keys = new Map<string, CallKey>();
  return {
    keyOf: (_context, call) => {
      const method = call.split(" ")[0]!;
      const key = keys.get(method) ?? { caller, callee, method };
      keys.set(method, key);
      return key;
    },
    isIdempotent: (call) => call.startsWith("get"),
  };
}

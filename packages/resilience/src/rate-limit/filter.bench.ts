/**
 * What the rate limit costs a call that it admits. Run:
 * `node packages/resilience/src/rate-limit/filter.bench.ts`
 */
import { SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { RateLimit } from "./filter.ts";

const clock = new SystemClock();
const key = { caller: "feed", callee: "history", method: "get" };
const parts = { clock, traits: { ...keyedCalls(), keyOf: () => key } };
const PLENTY = { methodCallsPerSecond: 1e9, methodBurst: 1e9 };
await printCosts(clock, {
  "rate limit, none set": [new RateLimit<string, string>(parts).filter],
  "rate limit of methods": [new RateLimit<string, string>(parts, PLENTY).filter],
  "rate limit of methods and callers": [
    new RateLimit<string, string>(parts, {
      ...PLENTY,
      callerCallsPerSecond: 1e9,
      callerBurst: 1e9,
    }).filter,
  ],
});

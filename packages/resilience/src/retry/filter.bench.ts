/**
 * What retries cost a call that needs none. Run:
 * `node packages/resilience/src/retry/filter.bench.ts`
 */
import { SeededRandom, SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Retry } from "./filter.ts";

const clock = new SystemClock();
const key = { caller: "feed", callee: "history", method: "get" };
const traits = { ...keyedCalls(), keyOf: () => key };
const parts = { clock, random: new SeededRandom(1), traits };
await printCosts(clock, {
  retry: [new Retry<string, string>(parts).filter],
  "retry, with a time for each try": [
    new Retry<string, string>(parts, { tryTimeoutMs: 1_000 }).filter,
  ],
});

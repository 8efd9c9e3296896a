/**
 * What hedges cost a call that needs none. Run:
 * `node packages/resilience/src/hedge/filter.bench.ts`
 */
import { SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Hedge } from "./filter.ts";

const clock = new SystemClock();
const key = { caller: "feed", callee: "history", method: "get" };
const traits = { ...keyedCalls(), keyOf: () => key };
const hedgeOf = (isIdempotent: boolean, samplesMin: number) =>
  new Hedge<string, string>(
    { clock, traits: { ...traits, isIdempotent: () => isIdempotent } },
    { samplesMin, refreshMs: 100 },
  ).filter;
await printCosts(clock, {
  "hedge, a method that is not idempotent": [hedgeOf(false, 10)],
  "hedge, which knows too little yet": [hedgeOf(true, 1_000_000)],
  "hedge, ready to send a second try": [hedgeOf(true, 10)],
});

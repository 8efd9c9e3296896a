/**
 * What the limits cost a call that finds a slot at once. Run:
 * `node packages/resilience/src/concurrency-limit/filter.bench.ts`
 */
import { SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { AdaptiveConcurrencyLimit } from "./adaptive-filter.ts";
import { ConcurrencyLimit } from "./filter.ts";

await printCosts(new SystemClock(), {
  "concurrency limit": [new ConcurrencyLimit<string, string>().filter],
  "adaptive concurrency limit": [new AdaptiveConcurrencyLimit<string, string>().filter],
});

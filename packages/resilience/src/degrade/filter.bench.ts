/**
 * What degradation costs a call that succeeds. Run:
 * `node packages/resilience/src/degrade/filter.bench.ts`
 */
import { SeededRandom, SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Degrade } from "./filter.ts";

const clock = new SystemClock();
const key = { caller: "feed", callee: "history", method: "get" };
const traits = { ...keyedCalls(), keyOf: () => key };
const lastGoodKey = (_: unknown, call: string): string => call;
const parts = { clock, random: new SeededRandom(1), traits, lastGoodKey };
await printCosts(clock, {
  "degrade, off": [new Degrade<string, string>(parts).filter],
  "degrade, a value": [new Degrade<string, string>(parts, { mode: "value" }).filter],
  "degrade, the last good reply": [
    new Degrade<string, string>(parts, { mode: "last-good" }).filter,
  ],
});

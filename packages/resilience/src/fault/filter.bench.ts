/**
 * What fault injection costs a call that it spares. Run:
 * `node packages/resilience/src/fault/filter.bench.ts`
 */
import { SeededRandom, SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { keyedCalls } from "../testing/keyed-calls.ts";
import { Fault } from "./filter.ts";

const clock = new SystemClock();
const key = { caller: "feed", callee: "history", method: "get" };
const traits = { ...keyedCalls(), keyOf: () => key };
const parts = { clock, random: new SeededRandom(1), traits };
const elsewhere = new Fault<string, string>(parts);
elsewhere.inject({
  id: "elsewhere",
  match: { method: "put" },
  effect: { kind: "drop" },
  ttlMs: 600_000,
});
await printCosts(clock, {
  "fault, off": [new Fault<string, string>(parts).filter],
  "fault, of another method": [elsewhere.filter],
});

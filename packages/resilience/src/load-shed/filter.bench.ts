/**
 * What the load shedder costs a call, while all is well and while it judges every call. Run:
 * `node packages/resilience/src/load-shed/filter.bench.ts`
 */
import { createContext, keepProcessAlive, SeededRandom, sleep, SystemClock } from "@holdfast/core";
import { printCosts } from "../testing/filter-cost.ts";
import { LoadShed } from "./filter.ts";

const clock = new SystemClock();
const random = new SeededRandom(1);
const calm = new LoadShed<string, string>({ clock, random });
// Under a load that never ends, and may not drop anything.
const parts = { clock, random, queueAgeMs: () => 10_000 };
const judging = new LoadShed<string, string>(parts, { shareMax: 0 });
judging.enter(createContext({ clock }));
const letEnd = keepProcessAlive();
await sleep(clock, 300);
letEnd();
await printCosts(clock, {
  "load shed, calm": [calm.filter],
  "load shed, counting and judging": [judging.filter],
});
calm.stop();
judging.stop();

/**
 * What eight filters cost a call, as a run of brackets and as a filter each. Run:
 * `node packages/core/src/service/bracket.bench.ts`
 */
import { createContext } from "../context/context.ts";
import { nanosPerTurnAsync } from "../time/measure.ts";
import { SystemClock } from "../time/system-clock.ts";
import { type Bracket, bracketFilter, fuse } from "./bracket.ts";
import type { Filter, Service } from "./service.ts";
import { stack } from "./stack.ts";

const COUNT = 300_000;
const FILTERS = 8;

const context = createContext({ clock: new SystemClock() });
let entered = 0;
let exited = 0;
const bracket: Bracket<number, number> = {
  enter: () => {
    entered++;
    return undefined;
  },
  exit: () => {
    exited++;
  },
};
const awaiting: Filter<number, number> = async (within, call, next) => {
  entered++;
  try {
    return await next(within, call);
  } finally {
    exited++;
  }
};
const service: Service<number, number> = (_, call) => Promise.resolve(call);

function ofFilters(filter: () => Filter<number, number>): Service<number, number> {
  const entries = Array.from({ length: FILTERS }, (_, index) => ({
    role: `filter ${index}`,
    why: "measured",
    filter: filter(),
  }));
  return stack(entries, service);
}

async function measure(name: string, called: Service<number, number>): Promise<void> {
  const nanos = await nanosPerTurnAsync(COUNT, async (count) => {
    for (let turn = 0; turn < count; turn++) await called(context, turn);
  });
  console.log(`${nanos.toFixed(1).padStart(8)} ns  ${name}`);
}

await measure("no filter", service);
await measure(
  `${FILTERS} brackets, fused`,
  ofFilters(() => bracketFilter(bracket)),
);
await measure(
  `${FILTERS} brackets, one promise each`,
  Array.from({ length: FILTERS }, () => bracket).reduce<Service<number, number>>(
    (next, one) => fuse([one], next),
    service,
  ),
);
await measure(
  `${FILTERS} async filters`,
  ofFilters(() => awaiting),
);
if (entered !== exited) throw new Error(`entered ${entered}, exited ${exited}`);

/**
 * What a policy pays for its options at each call. Run:
 * `node packages/core/src/config/live-options.bench.ts`
 */
import { createContext } from "../context/context.ts";
import { nanosPerTurn } from "../time/measure.ts";
import { SystemClock } from "../time/system-clock.ts";
import { LiveConfig } from "./live-config.ts";
import { fixedOptions, type LiveOptions } from "./live-options.ts";
import { MemoryConfigSource } from "./memory-source.ts";
import type { ConfigKey } from "./rule-path.ts";
import { LIMIT_DEFAULTS, LIMIT_LIVE, type LimitLive } from "./testing/limit-schema.ts";

const COUNT = 5_000_000;

const clock = new SystemClock();
const source = new MemoryConfigSource(clock, { "*/history/*": { limit: { callsMax: 7 } } });
const config = new LiveConfig({ sources: [source], schemas: [LIMIT_LIVE], clock });
await config.start(createContext({ clock }));
const keys = Array.from({ length: 8 }, (_, index) => ({
  caller: "feed",
  callee: "history",
  method: `method${index}`,
}));

function measure(name: string, live: LiveOptions<LimitLive>, called: readonly ConfigKey[]): void {
  let sum = 0;
  const nanos = nanosPerTurn(COUNT, (count) => {
    for (let turn = 0; turn < count; turn++) {
      sum += live.of(called[turn % called.length]!).callsMax;
    }
  });
  if (sum === 0) throw new Error("nothing was looked up");
  console.log(`${nanos.toFixed(1).padStart(8)} ns  ${name}`);
}

const live = config.options(LIMIT_LIVE, LIMIT_DEFAULTS);
measure("fixed options", fixedOptions(LIMIT_DEFAULTS), keys.slice(0, 1));
measure("live options, one method", live, keys.slice(0, 1));
measure("live options, eight methods in turn", live, keys);
config.stop();

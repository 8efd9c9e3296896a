/**
 * A small world from one seed: its own time, randomness and network, and a trace of everything
 * that happened. The same seed and the same code give the same trace, to the byte.
 */
import { type Random, SeededRandom } from "@holdfast/core";
import type { LinkOptions } from "./network/link-options.ts";
import { SimNetwork } from "./network/sim-network.ts";
import { Trace } from "./trace.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface World {
  readonly seed: number;
  readonly clock: VirtualClock;
  /** For the code under test; the world's own parts draw from streams of their own. */
  readonly random: Random;
  readonly network: SimNetwork;
  readonly trace: Trace;
  /** Puts a line into the trace: what the code under test did, as far as it matters. */
  readonly note: (text: string) => void;
  /** Lets `forMs` of virtual time pass. */
  readonly run: (forMs: number) => Promise<void>;
  /**
   * Runs until the promise settles and gives what it gave. Throws, with the end of the trace, when
   * it has not settled within `withinMs` of virtual time.
   */
  readonly finish: <Value>(promise: Promise<Value>, withinMs: number) => Promise<Value>;
}

/** Lines of the trace in the message of a run that did not finish. */
const SHOWN_LINES = 20;

/** `links` is how every link behaves until somebody changes it. */
export function createWorld(seed: number, links: Partial<LinkOptions> = {}): World {
  const clock = new VirtualClock();
  const trace = new Trace(clock);
  const random = new SeededRandom(seed);
  const network = new SimNetwork(clock, random.stream("network"), trace, links);
  return {
    seed,
    clock,
    random: random.stream("code under test"),
    network,
    trace,
    note: (text) => trace.add(`note ${text}`),
    run: (forMs) => clock.run(forMs),
    finish: async (promise, withinMs) => {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      promise.then(settle, settle);
      if (!(await clock.runUntil(() => settled, withinMs))) {
        const last = trace.lines().slice(-SHOWN_LINES).join("\n  ");
        throw new Error(
          `seed ${seed}: not finished after ${withinMs} ms; the last lines:\n  ${last}`,
        );
      }
      return await promise;
    },
  };
}

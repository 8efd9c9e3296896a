/**
 * A callee with a fixed capacity and a queue, a steady stream of calls to it, and a blip: for a
 * while it does no work at all. In virtual time, one step a millisecond, without promises.
 */
import {
  createContext,
  type DirectService,
  ManualClock,
  type Random,
  SeededRandom,
  ServiceError,
  type Settler,
} from "@holdfast/core";
import { RetryBudget } from "../budget.ts";
import { Retry } from "../filter.ts";

/** What the runs have in common. The callee can do 1.4 times what it is asked for. */
export const BLIP = {
  callsPerSecond: 700,
  capacityPerSecond: 1_000,
  /** When it is full, whoever comes out has waited 600 ms. */
  queueMax: 600,
  triesMax: 3,
  /** Less than a full queue takes: what was waited for so long is not wanted any more. */
  tryTimeoutMs: 500,
  callTimeoutMs: 2_000,
  blipStartMs: 10_000,
  blipEndMs: 12_000,
  endMs: 40_000,
} as const;

/** Each for every tenth of a second. */
export interface BlipRun {
  readonly calls: readonly number[];
  /** Calls that were answered in time. */
  readonly answered: readonly number[];
  /** Tries that came to the callee. */
  readonly tries: readonly number[];
}

export const STEP_MS = 100;

/** Pays for every try: what a client without a budget does. Nothing else is different. */
class EndlessBudget extends RetryBudget {
  override withdraw(): boolean {
    return true;
  }
}

export function runBlip(seed: number, hasBudget: boolean): BlipRun {
  const random = new SeededRandom(seed);
  const clock = new ManualClock();
  const steps = BLIP.endMs / STEP_MS;
  const calls = Array.from({ length: steps }, () => 0);
  const answered = Array.from({ length: steps }, () => 0);
  const tries = Array.from({ length: steps }, () => 0);
  const step = (): number => Math.min(steps - 1, Math.floor(clock.nowMs() / STEP_MS));
  const callee = new Callee(() => void tries[step()]!++);
  const { triesMax, tryTimeoutMs, callTimeoutMs } = BLIP;
  const key = { caller: "feed", callee: "history", method: "get" };
  const traits = { keyOf: () => key, isIdempotent: () => true };
  const budget = hasBudget ? new RetryBudget({ clock }) : new EndlessBudget({ clock });
  const parts = { clock, random: random.stream("jitter"), traits, budget };
  const retry = new Retry<string, string>(parts, { triesMax, tryTimeoutMs });
  const settler = { succeed: () => void answered[step()]!++, fail: () => undefined };
  const arrivals = arrivalsOf(random.stream("arrivals"));
  for (let nowMs = 1; nowMs <= BLIP.endMs; nowMs++) {
    clock.advance(1);
    for (; arrivals.nextMs <= nowMs; arrivals.move()) {
      calls[step()]!++;
      const context = createContext({ clock, deadlineMs: nowMs + callTimeoutMs });
      retry.filter.direct!(context, "get", callee.service, settler);
    }
    if (nowMs <= BLIP.blipStartMs || nowMs > BLIP.blipEndMs) callee.work(1);
  }
  return { calls, answered, tries };
}

/** First come, first served, for the clients who have given up as well: nobody tells it. */
class Callee {
  private readonly queue: Settler<string>[] = [];
  private readonly onTry: () => void;
  /** Calls that it could have answered by now. */
  private capacity = 0;

  constructor(onTry: () => void) {
    this.onTry = onTry;
  }

  readonly service: DirectService<string, string> = (_context, _call, settler) => {
    this.onTry();
    if (this.queue.length < BLIP.queueMax) this.queue.push(settler);
    else settler.fail(new ServiceError("overloaded", "the queue is full", { workStarted: "no" }));
  };

  work(forMs: number): void {
    this.capacity += (forMs * BLIP.capacityPerSecond) / 1_000;
    for (; this.capacity >= 1; this.capacity--) this.queue.shift()?.succeed("fine");
  }
}

/** Calls that know nothing of each other (a Poisson process). */
function arrivalsOf(random: Random) {
  const arrivals = {
    nextMs: 0,
    move: (): void => {
      arrivals.nextMs -= (Math.log(1 - random.next()) * 1_000) / BLIP.callsPerSecond;
    },
  };
  return arrivals;
}

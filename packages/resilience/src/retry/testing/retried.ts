/** For tests of retries: retries over a service whose far end the test holds. */
import {
  type Context,
  type LiveOptions,
  SeededRandom,
  ServiceError,
  type ServiceErrorOptions,
  StatsRegistry,
} from "@holdfast/core";
import { HeldService, type Outcome, settled, watch } from "../../testing/held-service.ts";
import { keyedCalls } from "../../testing/keyed-calls.ts";
import { RetryBudget } from "../budget.ts";
import type { RetryBudgetOptions } from "../budget-options.ts";
import { Retry } from "../filter.ts";
import type { RetryLiveOptions, RetryOptions } from "../options.ts";

/** Nobody was reached, or the connection was lost. */
export function unavailable(options: ServiceErrorOptions = {}): ServiceError {
  return new ServiceError("unavailable", "gone", options);
}

export class FailingService extends HeldService {
  private failed = 0;

  async failLast(error: unknown): Promise<void> {
    this.calls.at(-1)!.fail(error);
    await this.clock.advanceAndSettle(50);
  }

  /** Fails the oldest call that is neither answered nor failed; time for the back-off passes. */
  async failNext(error: unknown, thenMs = 50): Promise<void> {
    this.calls[this.failed++]!.fail(error);
    await this.clock.advanceAndSettle(thenMs);
  }
}

export interface Retried {
  readonly far: FailingService;
  readonly retry: Retry<string, string>;
  readonly call: (name: string, context?: Context) => Outcome<string>;
  readonly pauses: () => Promise<number>;
}

export function retried(
  options: Partial<RetryOptions> = {},
  budgetOptions: Partial<RetryBudgetOptions> = {},
  stats: StatsRegistry = new StatsRegistry(),
  live?: LiveOptions<RetryLiveOptions>,
): Retried {
  const far = new FailingService();
  const { clock } = far;
  const budget = new RetryBudget({ clock }, budgetOptions);
  const random = new SeededRandom(7);
  const parts = { clock, random, traits: keyedCalls(), budget, stats };
  const withLive = live === undefined ? parts : { ...parts, live };
  const retry = new Retry<string, string>(withLive, options);
  const call = (name: string, context: Context = far.context()) =>
    watch(retry.filter(context, name, far.service));
  /** Fails the last try and says how long it took until the next one, in whole ms. */
  const pauses = async (): Promise<number> => {
    const before = far.calls.length;
    far.calls.at(-1)!.fail(unavailable());
    await settled();
    let pauseMs = 0;
    for (; far.calls.length === before && pauseMs < 1_000; pauseMs++) {
      await clock.advanceAndSettle(1);
    }
    return pauseMs;
  };
  return { far, retry, call, pauses };
}

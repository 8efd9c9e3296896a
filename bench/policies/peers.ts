// The peers' rows, set up as their documentation shows it, with the numbers that ours have by
// default: ten seconds, half of the calls, 20 calls at least.
import { createRequire } from "node:module";
import {
  circuitBreaker,
  handleAll,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from "cockatiel";
import type { CircuitBreakerPolicy } from "cockatiel";
import { bare, fail, OPENING_CALLS, TIMEOUT_MS, WINDOW_MS } from "./bare.ts";
import type { Call } from "./rows.ts";

const require = createRequire(import.meta.url);

function sampling(): CircuitBreakerPolicy {
  return circuitBreaker(handleAll, {
    // No probe while the refusals are measured.
    halfOpenAfter: 3_600_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: WINDOW_MS, minimumRps: 2 }),
  });
}

export function cockatielBreaker(): Call {
  const policy = sampling();
  return (value) => policy.execute(() => bare(value));
}

/** The breaker outside, so that it sees what is late. */
export function cockatielBreakerTimeout(): Call {
  const policy = wrap(sampling(), timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive));
  return (value) => policy.execute(() => bare(value));
}

export function cockatielBreakerCooperative(): Call {
  const policy = wrap(sampling(), timeout(TIMEOUT_MS, TimeoutStrategy.Cooperative));
  return (value) => policy.execute(() => bare(value));
}

export async function cockatielOpen(): Promise<Call> {
  const policy = sampling();
  for (let call = 0; call < OPENING_CALLS; call++) {
    await policy.execute(() => fail(call)).catch(() => undefined);
  }
  return (value) => policy.execute(() => fail(value));
}

interface Opossum {
  fire(value: number): Promise<number>;
}
type OpossumClass = new (work: (value: number) => Promise<number>, options: object) => Opossum;

function opossumBreaker(work: Call, timeoutMs: number | false): Opossum {
  const Breaker = require("opossum") as OpossumClass;
  return new Breaker(work as (value: number) => Promise<number>, {
    timeout: timeoutMs,
    errorThresholdPercentage: 50,
    volumeThreshold: 20,
    rollingCountTimeout: WINDOW_MS,
    resetTimeout: 3_600_000,
  });
}

export function opossum(): Call {
  const breaker = opossumBreaker(bare, false);
  return (value) => breaker.fire(value);
}

export function opossumTimeout(): Call {
  const breaker = opossumBreaker(bare, TIMEOUT_MS);
  return (value) => breaker.fire(value);
}

export async function opossumOpen(): Promise<Call> {
  const breaker = opossumBreaker(fail, false);
  for (let call = 0; call < OPENING_CALLS; call++) {
    await breaker.fire(call).catch(() => undefined);
  }
  return (value) => breaker.fire(value);
}

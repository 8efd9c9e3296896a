/** What must hold after every scenario, each with the figures it was judged by. */
import assert from "node:assert/strict";
import type { LoggedCall, LoggedTry } from "./call-log.ts";
import { type FleetRun, RECOVERY_MS, WARM_MS } from "./fleet-scenarios.ts";

const SUCCESS_MIN_RATIO = 0.9999;
const AMPLIFICATION_MAX = 1.2;
const WINDOW_MS = 1_000;
/** From one window that is looked at to the next. */
const STEP_MS = 100;
/**
 * A second of a thousand calls has a p99 that is a tenth above or below that of the same fleet in
 * other seconds; a quarter above is not chance any more.
 */
const NORMAL_FACTOR = 1.25;
/**
 * The clients that have the instance among theirs are a fifth of all in the large fleet: fewer
 * calls, and 5 % of them may meet it. Half above is less than what one hedge in vain would cost.
 */
const NORMAL_FACTOR_CONCERNED = 1.5;
/** A connection's reset is known everywhere by then: the longest way and a tick. */
const RESET_KNOWN_MS = 0.6;

export function checkSettledOnce({ calls }: FleetRun): void {
  for (const call of calls) {
    assert.equal(call.settledCount, 1, "a call settles once");
    assert.ok(call.endedMs - call.startMs <= 1_001, "a call settles in its time");
    for (const each of call.tries) assert.equal(each.settledCount, 1, "a try settles once");
  }
}

export function checkSuccess({ calls }: FleetRun): void {
  const failed = calls.filter(({ error }) => error !== undefined);
  const why = failed.slice(0, 3).map(({ error }) => `${error!.code} ${error!.message}`);
  const ratio = 1 - failed.length / calls.length;
  const shown = `${failed.length} of ${calls.length} failed: ${why.join("; ")}`;
  assert.ok(ratio >= SUCCESS_MIN_RATIO, shown);
}

/** Tries sent for each call, in every second from the warm fleet to the end of the load. */
export function checkAmplification({ calls, refusedMs, endMs }: FleetRun): void {
  const callsMs = calls.map(({ startMs }) => startMs);
  const sentMs = calls.flatMap(({ tries }) => tries.map((each) => each.sentMs));
  for (let fromMs = WARM_MS; fromMs + WINDOW_MS <= endMs; fromMs += STEP_MS) {
    const count = (moments: readonly number[]): number =>
      moments.filter((ms) => ms >= fromMs && ms < fromMs + WINDOW_MS).length;
    const sent = count(sentMs) + count(refusedMs);
    const shown = `${sent} tries of ${count(callsMs)} calls in the second from ${fromMs} ms on`;
    assert.ok(sent <= count(callsMs) * AMPLIFICATION_MAX, shown);
  }
}

/** The p99 of every second from two seconds after it on, and of those it may have hurt. */
export function checkLatency(run: FleetRun): void {
  const { calls, concerned, eventMs, overMs, endMs } = run;
  const normalMs = p99(between(calls, WARM_MS, eventMs));
  for (let fromMs = overMs + RECOVERY_MS; fromMs + WINDOW_MS <= endMs; fromMs += STEP_MS) {
    const nowMs = p99(between(calls, fromMs, fromMs + WINDOW_MS));
    const shown = `p99 ${nowMs} ms in the second from ${fromMs} ms on; normal is ${normalMs} ms`;
    assert.ok(nowMs <= normalMs * NORMAL_FACTOR, shown);
  }
  const hurt = calls.filter(({ client }) => concerned.has(client));
  const beforeMs = p99(between(hurt, WARM_MS, eventMs));
  const laterMs = p99(between(hurt, overMs + RECOVERY_MS, endMs));
  const shown = `p99 ${laterMs} ms of the clients concerned; before it was ${beforeMs} ms`;
  assert.ok(laterMs <= beforeMs * NORMAL_FACTOR_CONCERNED, shown);
}

/** Only calls that the instance had when it died are tried again. */
export function checkRetriesAfterDeath({ calls, victim, eventMs, overMs }: FleetRun): void {
  const retried = calls.filter(({ tries }) => tries.some((_, index) => isRetry(tries, index)));
  assert.ok(retried.length > 0, "the instance had calls at work when it died");
  for (const { tries } of retried) {
    const hadIt = tries.some(
      ({ sentMs, endedMs, error }) =>
        error?.instanceId === victim && sentMs <= overMs + RESET_KNOWN_MS && endedMs >= eventMs,
    );
    assert.ok(hadIt, `a call was retried that was not at work there: ${JSON.stringify(tries)}`);
  }
}

/** What drains says so in time: nobody is refused, and nothing is tried again for it. */
export function checkRolledUnnoticed({ calls, refusedMs }: FleetRun): void {
  assert.equal(refusedMs.length, 0, "calls that a draining server refused");
  const retried = calls.filter(({ tries }) => tries.some((_, index) => isRetry(tries, index)));
  assert.deepEqual(retried.slice(0, 3), []);
}

/** All tries before it had failed; a hedge is sent while the first one is at work. */
function isRetry(tries: readonly LoggedTry[], index: number): boolean {
  const { sentMs } = tries[index]!;
  const before = tries.slice(0, index);
  return (
    index > 0 && before.every(({ endedMs, error }) => error !== undefined && endedMs <= sentMs)
  );
}

function between(calls: readonly LoggedCall[], fromMs: number, toMs: number): LoggedCall[] {
  return calls.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
}

/** The nearest rank, in ms. */
function p99(calls: readonly LoggedCall[]): number {
  const latenciesMs = calls.map(({ startMs, endedMs }) => endedMs - startMs);
  latenciesMs.sort((one, two) => one - two);
  return latenciesMs[Math.ceil(latenciesMs.length * 0.99) - 1] ?? Infinity;
}

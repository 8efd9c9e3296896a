/**
 * One instance of a service, as a client knows it: its connections, the calls at work there, what
 * they take, and whether it can be reached.
 */
import {
  type Candidate,
  type Clock,
  formatAddress,
  type Instance,
  type LogFields,
  type Logger,
  type ServiceError,
  type TimerEntry,
} from "@holdfast/core";
import {
  type Breaker,
  type BreakerStateKind,
  type BreakerTable,
  type Permit,
  tryRecordKey,
} from "@holdfast/resilience";
import { PeakEwma } from "../balance/peak-ewma.ts";
import type { BalancedTry } from "./balanced-try.ts";
import type { BalanceOptions } from "./balance-options.ts";
import { type Blame, JUDGEMENT_OF_BLAME } from "./blame.ts";
import type { Try } from "./client-call.ts";
import type { Ejectable } from "./ejection.ts";
import { FailureRow } from "./failure-row.ts";
import { Pool, type PoolParts, type PoolWatcher } from "./pool.ts";
import { Silence } from "./silence.ts";

/** The set that the endpoint belongs to. */
export interface EndpointOwner {
  /** Whether calls should go there may have changed. */
  onHealth(endpoint: Endpoint): void;
  /** A connection that goes away did not take it. */
  onMoved(attempt: BalancedTry): void;
}

export interface EndpointParts {
  readonly owner: EndpointOwner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly balance: BalanceOptions;
  readonly breakers: BreakerTable;
  readonly site: { readonly caller: string; readonly callee: string };
  readonly pool: Omit<PoolParts, "address" | "watcher">;
}

/** It warms up in so many steps; in the first one it has the share of one step. */
const WARM_UP_STEPS = 30;
/** What is added to the latency of an instance that fails, for the balancer. */
const FAILING_MS = 1e6;
/** All its methods share one breaker. */
const ALL_METHODS = "*";
/** A failure counts as if a call took so many times as long as is known, within these bounds. */
const FAILURE_FACTORS: Readonly<Record<Blame, number>> = {
  answer: 0,
  nobody: 0,
  "time-out": 1,
  // From the second one in a row on that says anything: see Silence.
  "given-up": 2,
  refusal: 2,
  unreachable: 4,
  failure: 4,
};
const FAILURE_MIN_MS = 1;
const FAILURE_MAX_MS = 1_000;

export class Endpoint implements Candidate, Ejectable, PoolWatcher, TimerEntry {
  /** The id and the address never change; the weight may. */
  instance: Instance;
  weight: number;
  inFlight = 0;
  ejected = false;
  badSinceMs = Infinity;

  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  private readonly parts: EndpointParts;
  private readonly latency: PeakEwma;
  private readonly breaker: Breaker;
  private breakerState: BreakerStateKind = "closed";
  /** Made when the first call goes there. */
  private pool: Pool | undefined = undefined;
  private unreachable: ServiceError | undefined = undefined;
  private warmFromMs: number;
  private readonly silence = new Silence();
  private readonly failures = new FailureRow();
  private left = false;

  /** It warms up from `warmFromMs` on; -Infinity when it is warm. */
  constructor(parts: EndpointParts, instance: Instance, warmFromMs: number) {
    this.parts = parts;
    this.instance = instance;
    this.weight = instance.weight;
    this.latency = new PeakEwma(parts.balance.latencyDecayMs);
    this.warmFromMs = warmFromMs;
    const site = { ...parts.site, method: ALL_METHODS, instance: instance.id };
    this.breaker = parts.breakers.create(site, parts.balance.breaker);
  }

  /** One that fails, and is not left out, costs more than any that does not. */
  latencyMs(nowMs: number): number {
    const known = this.latency.valueMs(nowMs);
    const fails = this.badSinceMs !== Infinity || this.failures.isLong(nowMs);
    return fails ? known + FAILING_MS : known;
  }

  get isUnreachable(): boolean {
    return this.unreachable !== undefined;
  }

  /** Sets the share that it has now; when it will be another one, Infinity for never. */
  warmUp(nowMs: number): number {
    const { warmUpMs } = this.parts.balance;
    const stepMs = warmUpMs / WARM_UP_STEPS;
    const step = Math.floor((nowMs - this.warmFromMs) / stepMs) + 1;
    const warm = !(step < WARM_UP_STEPS);
    this.weight = this.instance.weight * (warm ? 1 : step / WARM_UP_STEPS);
    return warm ? Infinity : this.warmFromMs + step * stepMs;
  }

  /** The try goes to this instance. */
  send(attempt: BalancedTry, nowMs: number): void {
    attempt.endpoint = this;
    attempt.givenMs = nowMs;
    attempt.waited = false;
    attempt.permit = this.acquire();
    const record = attempt.context.get(tryRecordKey);
    if (record !== undefined) record.instanceId = this.instance.id;
    this.inFlight++;
    this.pool ??= this.createPool();
    this.pool.send(attempt);
    // It stands in no connection's table, so it waits for one, or has ended already.
    if (attempt.sequenceId === 0 && attempt.endpoint === this) attempt.waited = true;
  }

  onSucceeded(attempt: BalancedTry): void {
    this.inFlight--;
    if (attempt.call.method.definition.oneway) this.breaker.settle(attempt.permit, "ignored");
    else this.onAnswered(attempt);
  }

  /** The try ended here, but not well. */
  onFailed(attempt: BalancedTry, blame: Blame): void {
    this.inFlight--;
    if (blame === "answer") return this.onAnswered(attempt);
    this.breaker.settle(attempt.permit, JUDGEMENT_OF_BLAME[blame]);
    // One that cannot be connected to is left out for that; how fast it is stays unknown.
    if (this.unreachable === undefined) this.noteFailure(attempt, blame);
    this.noteBreaker();
  }

  /** The try goes elsewhere: it never was at work here. */
  onTakenBack(attempt: BalancedTry): void {
    this.inFlight--;
    this.breaker.settle(attempt.permit, "ignored");
  }

  /** Milliseconds until its breaker wants a probe; Infinity when it wants none. */
  probeInMs(): number {
    if (this.breakerState === "closed" || this.unreachable !== undefined) return Infinity;
    return this.breaker.retryAfterMs();
  }

  /**
   * Whether a call may be risked to see if it works again: not before a connection stands, which
   * costs no call to find out.
   */
  takesProbe(): boolean {
    if (this.breakerState === "closed" || this.unreachable !== undefined) return false;
    const wanted = this.breaker.wouldAcquire();
    this.noteBreaker();
    if (!wanted || this.pool === undefined) return wanted;
    if (this.pool.connectionCount === 0) this.pool.probe();
    return this.pool.connectionCount > 0;
  }

  /** It was taken off the list: calls at work end, no new ones come. */
  leave(reason: ServiceError): void {
    this.end();
    this.pool?.leave(reason);
  }

  close(): void {
    this.end();
    this.pool?.close();
  }

  /** Nothing is at work there any more. */
  get idle(): boolean {
    return this.pool?.idle ?? true;
  }

  onDialled(): void {
    if (this.unreachable === undefined) return;
    this.unreachable = undefined;
    this.log("info", "instance reached again");
    // Most likely it was started anew.
    this.latency.forget();
    this.failures.end();
    this.warmFromMs = this.parts.clock.nowMs();
    this.onHealth();
  }

  onUnreachable(error: ServiceError, notBeforeMs: number): void {
    if (this.left) return;
    if (this.unreachable === undefined) {
      this.log("warn", "instance cannot be reached", { error: error.message });
    }
    this.unreachable = error;
    // It is found again without a call that has to wait for it.
    this.parts.clock.schedule(this, notBeforeMs);
    this.onHealth();
  }

  onDue(): void {
    this.pool?.probe();
  }

  onMoved(attempt: Try): void {
    this.parts.owner.onMoved(attempt as BalancedTry);
  }

  snapshot(): Record<string, unknown> {
    const { instance, inFlight, ejected, weight } = this;
    const { clock } = this.parts;
    return {
      id: instance.id,
      address: formatAddress(instance.address),
      zone: instance.zone,
      weight: instance.weight,
      share: weight,
      inFlight,
      latencyMs: Number(this.latency.valueMs(clock.nowMs()).toFixed(3)),
      ejected,
      breaker: this.breaker.stateKind,
      breakerWhy: this.breaker.lastTransition?.why ?? "",
      unreachable: this.unreachable?.message ?? "",
      ...(this.pool?.snapshot() ?? { connections: [] }),
    };
  }

  private onAnswered(attempt: BalancedTry): void {
    const nowMs = this.parts.clock.nowMs();
    this.silence.heard(nowMs);
    this.failures.end();
    this.breaker.settle(attempt.permit, "success");
    if (this.breakerState !== "closed") this.noteBreaker();
    if (attempt.waited) return;
    this.silence.took(nowMs - attempt.givenMs);
    this.latency.observe(nowMs - attempt.givenMs, nowMs);
  }

  /**
   * What fails fast must not look fast. Nor must what is given up: where a stopped instance's calls
   * are made elsewhere as well, none of them ever times out.
   */
  private noteFailure(attempt: BalancedTry, blame: Blame): void {
    const factor = FAILURE_FACTORS[blame];
    if (factor === 0) return;
    const nowMs = this.parts.clock.nowMs();
    const takenMs = nowMs - attempt.givenMs;
    const known = this.latency.valueMs(nowMs);
    if (blame === "given-up" && this.silence.givenUp(attempt.givenMs, nowMs) < 2) {
      // It would have taken longer than this.
      if (takenMs > known) this.latency.observe(takenMs, nowMs);
      return;
    }
    this.failures.failed(nowMs);
    const punished = Math.max(FAILURE_MIN_MS, Math.min(known * factor, FAILURE_MAX_MS));
    this.latency.observe(Math.max(takenMs, known, punished), nowMs);
  }

  private acquire(): Permit {
    const { breaker } = this;
    const judged =
      breaker.options.mode !== "off" && (this.breakerState === "closed" || breaker.wouldAcquire());
    const permit = judged ? breaker.tryAcquire() : breaker.passUnjudged();
    if (this.breakerState !== "closed") this.noteBreaker();
    return permit;
  }

  private noteBreaker(): void {
    const { stateKind } = this.breaker;
    if (stateKind === this.breakerState) return;
    this.breakerState = stateKind;
    // What did not answer there may answer on a new one.
    if (stateKind === "open") this.pool?.leaveConnections();
    this.onHealth();
  }

  private onHealth(): void {
    if (this.left) return;
    const fails = this.breakerState !== "closed" && this.breaker.options.mode === "on";
    if (!fails && this.unreachable === undefined) this.badSinceMs = Infinity;
    else if (this.badSinceMs === Infinity) this.badSinceMs = this.parts.clock.nowMs();
    this.parts.owner.onHealth(this);
  }

  private end(): void {
    if (this.left) return;
    this.left = true;
    this.parts.clock.unschedule(this);
    this.parts.breakers.remove(this.breaker);
  }

  private log(level: "info" | "warn", message: string, more: LogFields = {}): void {
    const { logger, site } = this.parts;
    logger[level](message, { service: site.callee, instance: this.instance.id, ...more });
  }

  private createPool(): Pool {
    const { address, id } = this.instance;
    const { pool } = this.parts;
    return new Pool({ ...pool, random: pool.random.stream(id), address, watcher: this });
  }
}

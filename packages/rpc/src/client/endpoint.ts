/**
 * One instance of a service, as a client knows it: its connections, the calls at work there, what
 * they take, and whether it can be reached.
 */
import type { Candidate, Clock, Instance, ServiceError, TimerEntry } from "@holdfast/core";
import { PeakEwma } from "../balance/peak-ewma.ts";
import type { BalancedTry } from "./balanced-try.ts";
import type { BalanceOptions } from "./balance-options.ts";
import type { Blame } from "./blame.ts";
import type { Try } from "./client-call.ts";
import type { Ejectable } from "./ejection.ts";
import { Pool, type PoolParts, type PoolWatcher } from "./pool.ts";

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
  readonly balance: BalanceOptions;
  readonly pool: Omit<PoolParts, "address" | "watcher">;
}

/** It warms up in so many steps; in the first one it has the share of one step. */
const WARM_UP_STEPS = 30;
/** A failure counts as if a call took twice as long as is known, up to this many milliseconds. */
const FAILURE_MAX_MS = 1_000;
const FAILURE_MIN_MS = 1;

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
  /** Made when the first call goes there. */
  private pool: Pool | undefined = undefined;
  private unreachable: ServiceError | undefined = undefined;
  private warmFromMs: number;
  private left = false;

  /** It warms up from `warmFromMs` on; -Infinity when it is warm. */
  constructor(parts: EndpointParts, instance: Instance, warmFromMs: number) {
    this.parts = parts;
    this.instance = instance;
    this.weight = instance.weight;
    this.latency = new PeakEwma(parts.balance.latencyDecayMs);
    this.warmFromMs = warmFromMs;
  }

  latencyMs(nowMs: number): number {
    return this.latency.valueMs(nowMs);
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
    this.inFlight++;
    this.pool ??= this.createPool();
    this.pool.send(attempt);
    // It stands in no connection's table, so it waits for one, or has ended already.
    if (attempt.sequenceId === 0 && attempt.endpoint === this) attempt.waited = true;
  }

  onSucceeded(attempt: BalancedTry): void {
    this.inFlight--;
    if (attempt.call.method.definition.oneway) return;
    this.onAnswered(attempt);
  }

  /** The try ended here, but not well. */
  onFailed(attempt: BalancedTry, blame: Blame): void {
    this.inFlight--;
    if (blame === "answer") this.onAnswered(attempt);
    if (blame === "answer" || blame === "nobody") return;
    const nowMs = this.parts.clock.nowMs();
    const known = this.latency.valueMs(nowMs);
    const takenMs = nowMs - attempt.givenMs;
    if (blame === "time-out") this.latency.observe(Math.max(takenMs, known), nowMs);
    else {
      // What fails fast must not look fast.
      const doubled = Math.max(FAILURE_MIN_MS, Math.min(known * 2, FAILURE_MAX_MS));
      this.latency.observe(Math.max(takenMs, known, doubled), nowMs);
    }
  }

  /** The try goes elsewhere: it never was at work here. */
  onTakenBack(): void {
    this.inFlight--;
  }

  /** It was taken off the list: calls at work end, no new ones come. */
  leave(reason: ServiceError): void {
    this.left = true;
    this.parts.clock.unschedule(this);
    this.pool?.leave(reason);
  }

  close(): void {
    this.left = true;
    this.parts.clock.unschedule(this);
    this.pool?.close();
  }

  /** Nothing is at work there any more. */
  get idle(): boolean {
    return this.pool?.idle ?? true;
  }

  onDialled(): void {
    if (this.unreachable === undefined) return;
    this.unreachable = undefined;
    this.badSinceMs = Infinity;
    // Most likely it was started anew.
    this.warmFromMs = this.parts.clock.nowMs();
    this.parts.owner.onHealth(this);
  }

  onUnreachable(error: ServiceError, notBeforeMs: number): void {
    if (this.left) return;
    const { clock, owner } = this.parts;
    if (this.unreachable === undefined) this.badSinceMs = clock.nowMs();
    this.unreachable = error;
    // It is found again without a call that has to wait for it.
    clock.schedule(this, notBeforeMs);
    owner.onHealth(this);
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
      zone: instance.zone,
      weight: instance.weight,
      share: weight,
      inFlight,
      latencyMs: Number(this.latency.valueMs(clock.nowMs()).toFixed(3)),
      ejected,
      unreachable: this.unreachable?.message ?? "",
      ...(this.pool?.snapshot() ?? { connections: [] }),
    };
  }

  private onAnswered(attempt: BalancedTry): void {
    if (attempt.waited) return;
    const nowMs = this.parts.clock.nowMs();
    this.latency.observe(nowMs - attempt.givenMs, nowMs);
  }

  private createPool(): Pool {
    const { address, id } = this.instance;
    const { pool } = this.parts;
    return new Pool({ ...pool, random: pool.random.stream(id), address, watcher: this });
  }
}

/**
 * The state machine of one breaker, usable without the filter: whoever wants to send asks for a
 * permit, sends, and settles the permit with what came of it. Time is looked at when something
 * happens; there is no timer.
 *
 * Why numbers for permits? A permit is good for the period in which it was given: all calls of one
 * closed period share a number, and each probe has its own. A result that comes later finds its
 * number nowhere and changes nothing; comparing numbers is all it takes, and a closed breaker
 * allocates nothing.
 */
import type { Clock, Random } from "@holdfast/core";
import type { Judgement } from "./judgement.ts";
import { type CircuitBreakerLiveOptions, completeCircuitBreakerLiveOptions } from "./options.ts";
import { openTimeMs, tripReason } from "./trip.ts";
import { type Counted, Window, WINDOW_MS } from "./window.ts";

/** What `tryAcquire` gives; goes back to `settle`, once. */
export type Permit = number;
/** Not sent: there is nothing to settle. */
export const REFUSED: Permit = -1;
/** Sent against the breaker's advice: settling it says only that it has ended. */
export const UNJUDGED: Permit = 0;

export type BreakerStateKind = "closed" | "half-open" | "open";

/** Whose calls a breaker judges. A `CallKey` is one. */
export interface BreakerSite {
  readonly caller: string;
  readonly callee: string;
  readonly method: string;
  /** The one instance that it judges; default none, all of them together. */
  readonly instance?: string;
}

export interface BreakerTransition {
  readonly from: BreakerStateKind;
  readonly to: BreakerStateKind;
  /** On the clock's `nowMs()` scale. */
  readonly atMs: number;
  readonly why: string;
}

/** Hears of every change of state, while it happens; must not throw. */
export interface BreakerListener {
  onTransition(breaker: Breaker, transition: BreakerTransition): void;
}

export interface BreakerParts {
  readonly site: BreakerSite;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: all defaults. */
  readonly options?: CircuitBreakerLiveOptions;
  readonly listener?: BreakerListener;
}

type State = Closed | Open | HalfOpen;

interface Closed {
  readonly kind: "closed";
  readonly sinceMs: number;
  /** Of every call of this period. */
  readonly permit: Permit;
}

interface Open {
  readonly kind: "open";
  untilMs: number;
}

interface HalfOpen {
  readonly kind: "half-open";
  readonly probes: Lease[];
  nextProbeMs: number;
  successes: number;
}

/** A probe's slot, until it settles or its time is up. */
interface Lease {
  readonly permit: Permit;
  expiresMs: number;
}

export class Breaker {
  readonly site: BreakerSite;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly listener: BreakerListener | undefined;
  private readonly window = new Window();
  private live: CircuitBreakerLiveOptions;
  /** For whoever configures it: of what version of its source the options are. */
  private version = 0;
  private state: State;
  private lastPermit: Permit = UNJUDGED;
  private inFlight = 0;
  private refusedCount = 0;
  private errorsInRow = 0;
  private firstErrorMs = 0;
  /** How often it was open without having recovered for a whole window in between. */
  private openPeriods = 0;
  private transition: BreakerTransition | undefined = undefined;

  constructor(parts: BreakerParts) {
    this.site = parts.site;
    this.clock = parts.clock;
    this.random = parts.random;
    this.listener = parts.listener;
    this.live = parts.options ?? completeCircuitBreakerLiveOptions();
    const sinceMs = this.clock.nowMs();
    this.state = { kind: "closed", sinceMs, permit: ++this.lastPermit };
  }

  get options(): CircuitBreakerLiveOptions {
    return this.live;
  }

  /** What `configure` was told last; 0 before. */
  get optionsVersion(): number {
    return this.version;
  }

  /** As it stands; an open one whose time is up stays open until somebody asks for a permit. */
  get stateKind(): BreakerStateKind {
    return this.state.kind;
  }

  /** Permits that were refused so far; in dark mode, that would have been. */
  get refused(): number {
    return this.refusedCount;
  }

  /** Calls that have a permit, or passed without one, and have not settled. */
  get concurrency(): number {
    return this.inFlight;
  }

  get lastTransition(): BreakerTransition | undefined {
    return this.transition;
  }

  /** A permit, or REFUSED. Allocates nothing while closed. */
  tryAcquire(): Permit {
    const { state } = this;
    if (state.kind !== "closed") return this.tryProbe(this.clock.nowMs());
    this.inFlight++;
    return state.permit;
  }

  /** For a call that is sent whatever the breaker says; its result is not judged. */
  passUnjudged(): Permit {
    this.inFlight++;
    return UNJUDGED;
  }

  /** Whether `tryAcquire` would give a permit now. Takes none. */
  wouldAcquire(): boolean {
    return this.state.kind === "closed" || this.mayProbe(this.clock.nowMs());
  }

  /** The call has ended: once for each permit that was given. */
  settle(permit: Permit, judgement: Judgement): void {
    this.inFlight--;
    const { state } = this;
    if (state.kind === "closed") {
      if (permit === state.permit && judgement !== "ignored") this.count(judgement);
    } else if (state.kind === "half-open") this.settleProbe(permit, judgement);
  }

  /** Milliseconds until the next probe may be sent; 0 when a call may be sent now. */
  retryAfterMs(): number {
    const nowMs = this.clock.nowMs();
    if (this.mayProbe(nowMs)) return 0;
    const { state } = this;
    if (state.kind === "closed") return 0;
    if (state.kind === "open") return state.untilMs - nowMs;
    // When all slots are taken: one may be free any moment, and a probe then be due.
    return Math.max(1, state.nextProbeMs - nowMs);
  }

  /**
   * New options hold at once, also for an open time or a probe that is running; one that is
   * switched off is closed. `version` is for the caller, who can ask for it again.
   */
  configure(options: CircuitBreakerLiveOptions, version = 0): void {
    this.version = version;
    if (options === this.live) return;
    this.live = options;
    this.keepWithinOptions(this.clock.nowMs());
    if (options.mode === "off") this.reset("switched off");
  }

  /** Closes it and forgets what was counted, whatever state it is in. */
  reset(why: string): void {
    this.openPeriods = 0;
    if (this.state.kind !== "closed") this.close(this.clock.nowMs(), why);
    this.window.clear();
    this.errorsInRow = 0;
  }

  /** Cheap, and bounded in size. */
  snapshot(): BreakerSnapshot {
    const { state, window } = this;
    const nowMs = this.clock.nowMs();
    window.advance(nowMs);
    const { successes, failures, timeouts } = window;
    return {
      state: state.kind,
      concurrency: this.inFlight,
      ...{ successes, failures, timeouts },
      consecutiveErrors: this.errorsInRow,
      refused: this.refusedCount,
      probes: state.kind === "half-open" ? state.probes.length : 0,
      openUntilMs: state.kind === "open" ? state.untilMs : undefined,
      lastTransition: this.transition,
    };
  }

  /** A result of the closed period that is running. */
  private count(counted: Counted): void {
    if (counted === "success") {
      this.window.addSuccess(this.clock);
      this.errorsInRow = 0;
      return;
    }
    const nowMs = this.clock.nowMs();
    this.window.add(nowMs, counted);
    if (this.errorsInRow === 0) this.firstErrorMs = nowMs;
    this.errorsInRow++;
    const row = { count: this.errorsInRow, lastedMs: nowMs - this.firstErrorMs };
    const why = tripReason(this.live, this.window, row);
    if (why !== undefined) this.open(nowMs, why);
  }

  private tryProbe(nowMs: number): Permit {
    if (!this.mayProbe(nowMs)) {
      this.refusedCount++;
      return REFUSED;
    }
    const state = this.state.kind === "half-open" ? this.state : this.halfOpen(nowMs);
    const permit = ++this.lastPermit;
    state.probes.push({ permit, expiresMs: nowMs + this.live.probeLeaseMs });
    state.nextProbeMs = nowMs + this.live.probeIntervalMs;
    this.inFlight++;
    return permit;
  }

  private mayProbe(nowMs: number): boolean {
    this.keepWithinOptions(nowMs);
    this.expireProbes(nowMs);
    const { state } = this;
    if (state.kind === "open") return nowMs >= state.untilMs;
    if (state.kind === "closed") return true;
    return nowMs >= state.nextProbeMs && state.probes.length < this.live.probesMax;
  }

  /**
   * No moment to wait for is further away than the options say: options may have changed, and a
   * clock that was wrong may have been put back.
   */
  private keepWithinOptions(nowMs: number): void {
    const { state, live } = this;
    if (state.kind === "open") state.untilMs = Math.min(state.untilMs, nowMs + live.openMaxMs);
    if (state.kind !== "half-open") return;
    state.nextProbeMs = Math.min(state.nextProbeMs, nowMs + live.probeIntervalMs);
    for (const probe of state.probes) {
      probe.expiresMs = Math.min(probe.expiresMs, nowMs + live.probeLeaseMs);
    }
  }

  /** A probe that did not come back in its time has failed, and did so when the time was up. */
  private expireProbes(nowMs: number): void {
    const { state } = this;
    if (state.kind !== "half-open") return;
    const firstMs = Math.min(...state.probes.map(({ expiresMs }) => expiresMs));
    if (firstMs > nowMs) return;
    this.window.add(firstMs, "timeout");
    this.errorsInRow++;
    this.open(firstMs, `a probe did not end within ${this.live.probeLeaseMs} ms`);
  }

  private settleProbe(permit: Permit, judgement: Judgement): void {
    const nowMs = this.clock.nowMs();
    this.keepWithinOptions(nowMs);
    this.expireProbes(nowMs);
    const { state } = this;
    if (state.kind !== "half-open") return;
    const index = state.probes.findIndex((probe) => probe.permit === permit);
    if (index < 0) return;
    state.probes.splice(index, 1);
    if (judgement === "ignored") return;
    this.window.add(nowMs, judgement);
    if (judgement !== "success") {
      this.errorsInRow++;
      this.open(nowMs, judgement === "timeout" ? "a probe timed out" : "a probe failed");
      return;
    }
    this.errorsInRow = 0;
    state.successes++;
    if (state.successes < this.live.successesToClose) return;
    this.close(nowMs, `${state.successes} probes succeeded`);
  }

  private open(nowMs: number, why: string): void {
    const { state } = this;
    if (state.kind === "closed" && nowMs - state.sinceMs >= WINDOW_MS) this.openPeriods = 0;
    const untilMs = nowMs + openTimeMs(this.live, this.openPeriods, this.random);
    this.openPeriods++;
    this.become({ kind: "open", untilMs }, nowMs, why);
  }

  private halfOpen(nowMs: number): HalfOpen {
    const state: HalfOpen = { kind: "half-open", probes: [], nextProbeMs: nowMs, successes: 0 };
    this.become(state, nowMs, "the open time is over");
    return state;
  }

  private close(nowMs: number, why: string): void {
    this.window.clear();
    this.errorsInRow = 0;
    this.become({ kind: "closed", sinceMs: nowMs, permit: ++this.lastPermit }, nowMs, why);
  }

  private become(state: State, atMs: number, why: string): void {
    this.transition = { from: this.state.kind, to: state.kind, atMs, why };
    this.state = state;
    this.listener?.onTransition(this, this.transition);
  }
}

/** What a breaker is and has counted, at one moment. */
export interface BreakerSnapshot {
  readonly state: BreakerStateKind;
  readonly concurrency: number;
  /** Of the last ten seconds, or since it closed if that is less; so are the next two. */
  readonly successes: number;
  readonly failures: number;
  readonly timeouts: number;
  readonly consecutiveErrors: number;
  readonly refused: number;
  /** Probes in flight. */
  readonly probes: number;
  /** On the clock's `nowMs()` scale; undefined unless it is open. */
  readonly openUntilMs: number | undefined;
  readonly lastTransition: BreakerTransition | undefined;
}

/**
 * Fault injection: makes a share of the calls late, fail or vanish, to see whether their callers
 * live with it. Off unless somebody orders a fault, and every fault has a time to live that this
 * process keeps by itself: it ends when whoever ordered it is gone as well. Stands lowest in a
 * client's stack, so that all policies see it, or highest in a server's.
 */
import {
  type Clock,
  type Context,
  directFilter,
  type DirectService,
  type Filter,
  fixedOptions,
  type LiveOptions,
  type Random,
  type Settler,
  type StatsRegistry,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { KeyStates } from "../key-states.ts";
import { Tally } from "../tally.ts";
import { type FaultEffect, type FaultMatch, isMatch } from "./effect.ts";
import { faultError } from "./error.ts";
import { DelayedCall, DroppedCall, SlowReadCall } from "./faulted-call.ts";
import {
  completeFaultOptions,
  completeFaultRule,
  effectOf,
  type FaultLiveOptions,
  type FaultOptions,
  type FaultRule,
} from "./options.ts";

export interface FaultParts<Call> {
  readonly clock: Clock;
  /** For which calls are hit. */
  readonly random: Random;
  readonly traits: CallTraits<Call>;
  readonly stats?: StatsRegistry;
  /** What may be ordered by configuration; default: nothing. */
  readonly live?: LiveOptions<FaultLiveOptions>;
}

/** A fault that is active. */
export interface FaultState {
  readonly id: string;
  readonly match: FaultMatch;
  readonly share: number;
  readonly effect: FaultEffect;
  /** Until it is over, in ms. */
  readonly leftMs: number;
  /** Calls that it hit so far. */
  readonly hits: number;
}

export interface FaultSnapshot {
  readonly options: FaultOptions;
  /** Empty when nothing is injected. */
  readonly active: readonly FaultState[];
  /** Calls that were hit by faults, those that are over included. */
  readonly hits: number;
}

/** One fault while it lives, whoever ordered it. */
interface ActiveFault {
  readonly id: string;
  readonly match: FaultMatch;
  readonly share: number;
  readonly effect: FaultEffect;
  /** On the clock's `nowMs()` scale. */
  readonly endMs: number;
  hits: number;
}

export class Fault<Call, Reply> {
  readonly filter: Filter<Call, Reply>;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly options: FaultOptions;
  private readonly live: LiveOptions<FaultLiveOptions>;
  private readonly methods: KeyStates<LiveFault>;
  private readonly hits: Tally;
  private injected: ActiveFault[] = [];

  constructor(parts: FaultParts<Call>, options: Partial<FaultOptions> = {}) {
    const { clock, random, traits, stats } = parts;
    this.clock = clock;
    this.random = random;
    this.options = completeFaultOptions(options);
    this.live = parts.live ?? fixedOptions<FaultLiveOptions>(this.options);
    this.methods = new KeyStates(() => new LiveFault(), this.options.keysMax);
    const help = "Calls that were hit by an injected fault";
    this.hits = new Tally(stats?.counter({ name: "holdfast_faults", help }).of());
    this.filter = directFilter((context, call, next, settler) => {
      const key = traits.keyOf(context, call);
      const live = this.live.of(key);
      if (live.kind === "off" && this.injected.length === 0) next(context, call, settler);
      else this.run(this.pick(key, live), context, call, next, settler);
    });
  }

  /**
   * Orders a fault; the returned function ends it early. One with the same id takes the place of
   * the one before. Throws a RangeError for one that makes no sense, and when there are too many.
   */
  inject(rule: FaultRule): () => void {
    const { ttlMaxMs, faultsMax } = this.options;
    const { ttlMs, ...complete } = completeFaultRule(rule, ttlMaxMs);
    const others = this.stillActive().filter(({ id }) => id !== rule.id);
    if (others.length >= faultsMax) {
      throw new RangeError(`${rule.id} would be fault ${others.length + 1} of ${faultsMax}`);
    }
    const fault = { ...complete, endMs: this.clock.nowMs() + ttlMs, hits: 0 };
    this.injected = [...others, fault];
    return () => {
      this.injected = this.injected.filter((each) => each !== fault);
    };
  }

  /** Ends every fault that was injected here; those of the configuration are ended there. */
  clear(): void {
    this.injected = [];
  }

  snapshot(): FaultSnapshot {
    const nowMs = this.clock.nowMs();
    const ofMethods = [...this.methods].flatMap(([key, method]) => {
      const fault = method.activeFor(key, this.live.of(key), this.clock, this.options.ttlMaxMs);
      return fault === undefined ? [] : [fault];
    });
    const active = [...this.stillActive(), ...ofMethods].map(({ endMs, ...fault }) => {
      return { ...fault, leftMs: endMs - nowMs };
    });
    return { options: this.options, active, hits: this.hits.value };
  }

  /** The fault that hits this call, if one does: the first that matches and whose share it is. */
  private pick(key: CallKey, live: FaultLiveOptions): ActiveFault | undefined {
    for (const fault of this.stillActive()) {
      if (isMatch(fault.match, key) && this.random.next() < fault.share) return fault;
    }
    if (live.kind === "off") return undefined;
    const method = this.methods.of(key);
    const fault = method.activeFor(key, live, this.clock, this.options.ttlMaxMs);
    return fault !== undefined && this.random.next() < fault.share ? fault : undefined;
  }

  private run(
    fault: ActiveFault | undefined,
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    if (fault === undefined) {
      next(context, call, settler);
      return;
    }
    fault.hits++;
    this.hits.add();
    const { effect, id } = fault;
    switch (effect.kind) {
      case "error":
        settler.fail(faultError(id, effect.code, effect.workStarted ?? "maybe"));
        return;
      case "drop":
        new DroppedCall(id, context, settler).wait(fault.endMs - this.clock.nowMs());
        return;
      case "delay":
        new DelayedCall(context, call, next, settler).wait(effect.delayMs);
        return;
      case "slow-read":
        next(context, call, new SlowReadCall(effect.delayMs, context, settler));
    }
  }

  private stillActive(): readonly ActiveFault[] {
    if (this.injected.length === 0) return this.injected;
    const nowMs = this.clock.nowMs();
    if (this.injected.some(({ endMs }) => endMs <= nowMs)) {
      this.injected = this.injected.filter(({ endMs }) => endMs > nowMs);
    }
    return this.injected;
  }
}

/** What the configuration orders for one method, and since when this process knows. */
class LiveFault {
  private seen: FaultLiveOptions | undefined = undefined;
  private fault: ActiveFault | undefined = undefined;

  activeFor(
    { caller, callee, method }: CallKey,
    live: FaultLiveOptions,
    clock: Clock,
    ttlMaxMs: number,
  ): ActiveFault | undefined {
    const nowMs = clock.nowMs();
    if (live !== this.seen) {
      this.seen = live;
      const effect = effectOf(live);
      const leftMs = Math.min(live.untilEpochMs - clock.epochMs(), ttlMaxMs);
      const { share } = live;
      const common = { id: "of the configuration", match: { caller, callee, method }, share };
      this.fault = effect && { ...common, effect, endMs: nowMs + leftMs, hits: 0 };
    }
    return this.fault !== undefined && this.fault.endMs > nowMs ? this.fault : undefined;
  }
}

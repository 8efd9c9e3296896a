/**
 * The load shedder: drops a share of the calls before they cost anything, the least important
 * first, as soon as the process is late or its queue does not empty. It stands above the
 * concurrency limit, which refuses whoever comes when it is full; the shedder chooses.
 *
 * The share rises while a signal is above its target, by more the further it is above, and falls
 * slowly once all are well below theirs; in between it stays, so that it does not swing. Most of
 * the time it is 0, and a call costs a comparison. There is one timer, which only runs while calls
 * come.
 */
import {
  bracketFilter,
  type Bracket,
  type Clock,
  type Context,
  type Filter,
  PRIORITY,
  priorityKey,
  type Random,
  retriesKey,
} from "@holdfast/core";
import { shedError } from "./error.ts";
import { LoopDelay } from "./loop-delay.ts";
import {
  completeLoadShedOptions,
  type LoadShedLiveOptions,
  type LoadShedOptions,
} from "./options.ts";
import { ShedPlan } from "./shed-plan.ts";

/** What the shedder listens to. */
export interface LoadSignals {
  readonly clock: Clock;
  readonly random: Random;
  /** How long calls have been waiting for a slot without a break, in ms: `limit.queueAgeMs`. */
  readonly queueAgeMs?: () => number;
  /** The part of time since it was last asked in which the event loop was busy, 0 to 1. */
  readonly loopUtilization?: () => number;
}

export type PriorityName = keyof typeof PRIORITY;

export interface LoadShedSnapshot extends LoadShedOptions {
  readonly loopDelayMs: number;
  readonly queueAgeMs: number;
  readonly loopUtilization: number;
  /** The worst signal as a part of its target; above 1 is overload. */
  readonly pressure: number;
  /** The share of all calls that is dropped now, 0 to 1. */
  readonly share: number;
  /** The same of each priority, as calls came lately. */
  readonly shareByPriority: Readonly<Record<PriorityName, number>>;
  /** Calls dropped so far; in dark mode, those that would have been. */
  readonly shedByPriority: Readonly<Record<PriorityName, number>>;
}

/** The most that the share rises in one period, as a part of what is not shed yet. */
const RISE_MAX = 0.05;
/** The least: a signal just above its target. */
const RISE_MIN = 0.01;
/** In one period. Slower than it rises: to come back too early is worse than too late. */
const FALL = 0.01;
/** Below this part of all targets the share falls. */
const CALM_PRESSURE = 0.7;
const PRIORITY_NAMES = Object.keys(PRIORITY) as readonly PriorityName[];

export class LoadShed<Call, Reply> implements Bracket<Call, Reply> {
  private current: LoadShedOptions;
  private readonly signals: LoadSignals;
  private readonly delay: LoopDelay;
  private readonly traffic = new ShedPlan();
  private readonly shed = new Float64Array(PRIORITY_NAMES.length);
  /** Whether calls came since the last adjustment. */
  private called = false;
  /** Whether calls are counted and judged: there is pressure, or was. */
  private watching = false;
  private share = 0;
  private pressure = 0;
  private queueAge = 0;
  private utilization = 0;
  private adjustAtMs = 0;
  readonly filter: Filter<Call, Reply>;

  constructor(signals: LoadSignals, options: Partial<LoadShedOptions> = {}) {
    this.current = completeLoadShedOptions(options);
    this.signals = signals;
    const { samplePeriodMs } = this.current;
    this.delay = new LoopDelay(signals.clock, samplePeriodMs, (nowMs) => this.onSample(nowMs));
    this.filter = bracketFilter(this);
  }

  /** In effect now. */
  get options(): LoadShedOptions {
    return this.current;
  }

  configure(change: Partial<LoadShedLiveOptions>): void {
    this.current = completeLoadShedOptions({ ...this.current, ...change });
    if (this.current.mode === "off") this.stop();
  }

  /** Lets the timer go and forgets the overload; the next call begins anew. */
  stop(): void {
    this.delay.stop();
    this.share = 0;
    this.pressure = 0;
    this.queueAge = 0;
    this.utilization = 0;
    this.watching = false;
    this.traffic.plan(0);
  }

  enter(context: Context): undefined {
    this.called = true;
    if (!this.delay.isSampling && this.current.mode !== "off") this.start();
    if (this.watching) this.judge(context);
    return undefined;
  }

  snapshot(): LoadShedSnapshot {
    return {
      ...this.current,
      loopDelayMs: this.delay.delayMs,
      queueAgeMs: this.queueAge,
      loopUtilization: this.utilization,
      pressure: this.pressure,
      share: this.share,
      shareByPriority: byPriority((name) => this.traffic.shareOfPriority(PRIORITY[name])),
      shedByPriority: byPriority((name) => this.shed[PRIORITY[name]]!),
    };
  }

  private judge(context: Context): void {
    const { traffic, signals } = this;
    const asked = context.get(priorityKey);
    // Priorities come from elsewhere; one that nobody knows is a normal one.
    const priority = PRIORITY_NAMES[asked] === undefined ? PRIORITY.normal : asked;
    const share = traffic.shareOf(traffic.count(priority, context.get(retriesKey)));
    if (share === 0 || signals.random.next() >= share) return;
    this.shed[priority]!++;
    const { mode, retryAfterMs } = this.current;
    if (mode === "dark") return;
    const laterMs = retryAfterMs * (0.5 + signals.random.next());
    throw shedError(PRIORITY_NAMES[priority]!, traffic.shareOfPriority(priority), laterMs);
  }

  private start(): void {
    const { signals, delay, current } = this;
    // What was counted until now belongs to a time that is over.
    signals.loopUtilization?.();
    this.adjustAtMs = signals.clock.nowMs() + current.adjustPeriodMs;
    delay.start();
  }

  private onSample(nowMs: number): void {
    // Half a sample early is nearer than half a sample late.
    if (nowMs + this.current.samplePeriodMs / 2 < this.adjustAtMs) return;
    this.adjustAtMs = nowMs + this.current.adjustPeriodMs;
    this.adjust();
    if (!this.called && this.share === 0) this.stop();
    this.called = false;
  }

  private adjust(): void {
    const { signals, current } = this;
    this.queueAge = signals.queueAgeMs?.() ?? 0;
    this.utilization = signals.loopUtilization?.() ?? 0;
    this.pressure = Math.max(
      this.delay.delayMs / current.loopDelayTargetMs,
      this.queueAge / current.queueAgeTargetMs,
      this.utilization / current.loopUtilizationTarget,
    );
    // What comes is counted for one period before any of it is dropped.
    if (this.watching) this.share = this.nextShare();
    this.watching = this.pressure > 1 || this.share > 0;
    this.traffic.plan(this.share);
  }

  private nextShare(): number {
    const { pressure, share } = this;
    if (pressure > 1) {
      const rise = RISE_MIN + (RISE_MAX - RISE_MIN) * Math.min(1, pressure - 1);
      return Math.min(this.current.shareMax, share + rise * (1 - share));
    }
    return pressure < CALM_PRESSURE ? Math.max(0, share - FALL) : share;
  }
}

function byPriority(read: (name: PriorityName) => number): Record<PriorityName, number> {
  return Object.fromEntries(PRIORITY_NAMES.map((name) => [name, read(name)])) as Record<
    PriorityName,
    number
  >;
}

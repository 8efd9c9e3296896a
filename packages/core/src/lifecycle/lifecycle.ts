/**
 * The life of a process: its parts are started in the order of one list and end in the reverse
 * order, each within its own time.
 *
 * Why reverse for drain as well? A part may use those before it. Drained last to first, whatever
 * brings work in (announcement, server) falls silent while all that the work needs (store, client,
 * log) is still there. So the list reads: what is needed first, what is seen from outside last;
 * only the ops port stands at the top, to show a start that hangs and a drain to its end.
 */
import { createContext } from "../context/context.ts";
import type { Context } from "../context/context.ts";
import { ServiceError } from "../error/service-error.ts";
import { silentLogger } from "../log/logger.ts";
import type { Logger } from "../log/logger.ts";
import { sleep } from "../time/clock.ts";
import type { Clock } from "../time/clock.ts";
import { DEFAULT_LIFECYCLE_LIMITS } from "./part.ts";
import type {
  DrainResult,
  LifecycleLimits,
  LifecyclePart,
  LifecyclePhase,
  PartReport,
  ShutdownReport,
} from "./part.ts";
import { withinContext } from "./time-limit.ts";

export type LifecycleState =
  | { readonly kind: "new" }
  /** `part` is the one that is being started. */
  | { readonly kind: "starting"; readonly part: string }
  | { readonly kind: "ready" }
  | { readonly kind: "draining"; readonly reason: string }
  | { readonly kind: "stopping"; readonly reason: string }
  | { readonly kind: "stopped"; readonly report: ShutdownReport };

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** For parts that say nothing themselves. */
  readonly limits?: Partial<LifecycleLimits>;
  /**
   * Milliseconds between being not ready and the first drain, 0 or more, default 0: the time that
   * those who look at readiness need to look. Calls are still served meanwhile.
   */
  readonly drainDelayMs?: number;
}

export class Lifecycle {
  /** Resolves, and never rejects, when the state is `stopped`. */
  readonly stopped: Promise<ShutdownReport>;
  private readonly parts: readonly LifecyclePart[];
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly limits: LifecycleLimits;
  private readonly drainDelayMs: number;
  private readonly listeners = new Set<(state: LifecycleState) => void>();
  private readonly started: LifecyclePart[] = [];
  private readonly reports: PartReport[] = [];
  private readonly resolveStopped: (report: ShutdownReport) => void;
  private current: LifecycleState = { kind: "new" };
  private reason = "";
  private starting: Promise<void> | undefined = undefined;
  private draining: Promise<void> | undefined = undefined;
  private stopping: Promise<void> | undefined = undefined;
  private cutStart: (reason: ServiceError) => void = () => undefined;
  private cutDrain: (reason: ServiceError) => void = () => undefined;

  constructor(parts: readonly LifecyclePart[], options: LifecycleOptions) {
    const names = parts.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new RangeError(`two parts are named ${twice}`);
    this.parts = [...parts];
    this.clock = options.clock;
    this.logger = options.logger ?? silentLogger;
    this.limits = { ...DEFAULT_LIFECYCLE_LIMITS, ...options.limits };
    this.drainDelayMs = options.drainDelayMs ?? 0;
    const { promise, resolve } = Promise.withResolvers<ShutdownReport>();
    this.stopped = promise;
    this.resolveStopped = resolve;
  }

  get state(): LifecycleState {
    return this.current;
  }

  /** Calls `listener` after every change; the returned function takes it back. */
  onChange(listener: (state: LifecycleState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Starts the parts in order, then tells each that all are ready. When one fails, those that had
   * started are stopped, and this rejects naming the part. Once per lifecycle.
   */
  start(): Promise<void> {
    if (this.current.kind !== "new" || this.starting !== undefined) {
      return Promise.reject(new ServiceError("invalid", `cannot start: ${this.current.kind}`));
    }
    // The promise first: a listener of the change may give the start up.
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.starting = promise;
    this.runStart().then(resolve, reject);
    return promise;
  }

  /**
   * Not ready from this very moment; then the parts finish their work, last to first. Resolves
   * when all have, or their time was over. A start that is still going on is given up. The same
   * promise however often it is called.
   */
  drain(reason: string): Promise<void> {
    if (this.current.kind === "starting") return this.giveUpStart(reason);
    if (this.current.kind !== "ready") return this.draining ?? this.stopping ?? Promise.resolve();
    this.reason = reason;
    // The promise first: a listener of the change may ask for the same drain.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.draining = promise;
    void this.runDrain(reason).then(resolve);
    return promise;
  }

  /** Ends it now: a drain that is going on is cut, and the parts are stopped, last to first. */
  async stop(reason: string): Promise<ShutdownReport> {
    if (this.current.kind === "starting") await this.giveUpStart(reason);
    this.stopping ??= this.runStop(reason, undefined);
    return this.stopped;
  }

  /** Drain, then stop: the orderly end. */
  async shutdown(reason: string): Promise<ShutdownReport> {
    await this.drain(reason);
    return this.stop(reason);
  }

  private async runStart(): Promise<void> {
    const { context, cancel } = createContext({ clock: this.clock }).withCancel();
    this.cutStart = cancel;
    try {
      for (const part of this.parts) {
        this.moveTo({ kind: "starting", part: part.name });
        await this.runStartOf(part, "start", context);
        this.started.push(part);
      }
      for (const part of this.parts) await this.runStartOf(part, "ready", context);
      context.throwIfCancelled();
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      this.logger.error("start failed", { error });
      this.stopping ??= this.runStop(this.reason || "the start failed", error);
      await this.stopped;
      throw error;
    }
    this.moveTo({ kind: "ready" });
  }

  private async runStartOf(
    part: LifecyclePart,
    phase: "start" | "ready",
    context: Context,
  ): Promise<void> {
    context.throwIfCancelled();
    // Too late to be of use, but not too late to leave something open.
    const late = (): void => {
      if (phase === "start") void this.runEndOf(part, "stop");
    };
    try {
      await this.run(part, phase, context, late);
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      const what = phase === "start" ? "did not start" : "did not become ready";
      throw new ServiceError(error.code, `${part.name} ${what}: ${error.message}`, {
        cause: error,
      });
    }
  }

  private async giveUpStart(reason: string): Promise<void> {
    this.reason ||= reason;
    this.cutStart(new ServiceError("draining", `the start was given up: ${reason}`));
    await this.starting?.catch(() => undefined);
  }

  private async runDrain(reason: string): Promise<void> {
    const { context, cancel } = createContext({ clock: this.clock }).withCancel();
    this.cutDrain = cancel;
    this.moveTo({ kind: "draining", reason });
    if (this.drainDelayMs > 0) {
      await withinContext(
        context,
        () => sleep(this.clock, this.drainDelayMs),
        () => undefined,
      ).catch(() => undefined);
    }
    for (const part of this.started.toReversed()) await this.runEndOf(part, "drain", context);
  }

  private async runStop(reason: string, startError: ServiceError | undefined): Promise<void> {
    this.reason ||= reason;
    this.cutDrain(new ServiceError("draining", `the drain was cut: ${reason}`));
    await this.draining;
    this.moveTo({ kind: "stopping", reason: this.reason });
    for (const part of this.started.toReversed()) await this.runEndOf(part, "stop");
    const report: ShutdownReport = {
      reason: this.reason,
      parts: [...this.reports],
      cut: this.reports.reduce((sum, { cut }) => sum + cut, 0),
      orderly: this.reports.every(({ error }) => error === undefined),
      startError,
    };
    this.moveTo({ kind: "stopped", report });
    this.resolveStopped(report);
  }

  /** Never rejects: what goes wrong at the end is reported, and the end goes on. */
  private async runEndOf(
    part: LifecyclePart,
    phase: "drain" | "stop",
    context = createContext({ clock: this.clock }),
  ): Promise<void> {
    if (part[phase] === undefined) return;
    const startMs = this.clock.nowMs();
    let cut = 0;
    let error: ServiceError | undefined = undefined;
    try {
      const result = await this.run(part, phase, context, () => undefined);
      cut = result?.cut ?? 0;
    } catch (thrown) {
      error = ServiceError.from(thrown);
    }
    const durationMs = this.clock.nowMs() - startMs;
    this.reports.push({ part: part.name, phase, durationMs, cut, error });
    const fields = { part: part.name, phase, durationMs, cut };
    if (error !== undefined) this.logger.error("part failed to end", { ...fields, error });
    else if (cut > 0) this.logger.warn("part cut work off", fields);
  }

  private run(
    part: LifecyclePart,
    phase: LifecyclePhase,
    context: Context,
    late: () => void,
  ): Promise<DrainResult | void> {
    const limitMs = part.limits?.[`${phase}Ms`] ?? this.limits[`${phase}Ms`];
    return withinContext<DrainResult | void>(
      context.withTimeout(limitMs),
      (within) => part[phase]?.(within),
      late,
    );
  }

  private moveTo(state: LifecycleState): void {
    this.current = state;
    for (const listener of this.listeners) {
      // A listener before this one went on to the next state, and that one has been told.
      if (this.current !== state) return;
      try {
        listener(state);
      } catch (error) {
        this.logger.error("state listener failed", { state: state.kind, error });
      }
    }
  }
}

/** What a lifecycle starts and stops, and what it reports about it. */
import type { Context } from "../context/context.ts";
import type { ServiceError } from "../error/service-error.ts";

/**
 * One thing with a beginning and an end: a store, a server, a registration. Every function is
 * optional; the context it gets is over when its time is.
 */
export interface LifecyclePart {
  /** For logs and reports; unique in its lifecycle. */
  readonly name: string;
  /** Makes it usable by the parts after it. Rejecting stops the whole start. */
  start?(context: Context): Promise<void> | void;
  /** Everything has started: take work, announce yourself. */
  ready?(context: Context): Promise<void> | void;
  /**
   * Take no new work and finish what there is. When the context is over, come back soon with the
   * number of things (calls, sessions) that were cut off.
   */
  drain?(context: Context): Promise<DrainResult | void> | DrainResult | void;
  /** Give everything back. Called once, also after a drain that failed. */
  stop?(context: Context): Promise<void> | void;
  /** Milliseconds, more than 0; default: `LifecycleLimits`. */
  readonly limits?: Partial<LifecycleLimits>;
}

export interface DrainResult {
  /** How many things were not finished in time. */
  readonly cut: number;
}

export type LifecyclePhase = "start" | "ready" | "drain" | "stop";

/** How long each phase of each part may take, in milliseconds, more than 0. */
export interface LifecycleLimits {
  /** Default 30,000: opening a large store may take that long. */
  readonly startMs: number;
  /** Default 10,000. */
  readonly readyMs: number;
  /** Default 20,000: well within the 30 s that Kubernetes gives. */
  readonly drainMs: number;
  /** Default 5,000. */
  readonly stopMs: number;
}

export const DEFAULT_LIFECYCLE_LIMITS: LifecycleLimits = {
  startMs: 30_000,
  readyMs: 10_000,
  drainMs: 20_000,
  stopMs: 5_000,
};

export interface PartReport {
  readonly part: string;
  readonly phase: "drain" | "stop";
  readonly durationMs: number;
  /** How many things were cut off. */
  readonly cut: number;
  /** What went wrong; `deadline-exceeded` when it did not come back in time. */
  readonly error: ServiceError | undefined;
}

export interface ShutdownReport {
  /** Why it came to an end, such as `SIGTERM`. */
  readonly reason: string;
  /** In the order it happened. */
  readonly parts: readonly PartReport[];
  /** The sum over the parts. */
  readonly cut: number;
  /** Whether no part failed or was late; things may have been cut all the same. */
  readonly orderly: boolean;
  /** Why the start failed, if that is what happened. */
  readonly startError: ServiceError | undefined;
}

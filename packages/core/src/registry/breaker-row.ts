/** What a part of kind `breakers` shows: a row for each circuit breaker, closed ones too. */

export interface BreakerRow {
  /** The service that calls; `""` when it has no name. */
  readonly caller: string;
  readonly callee: string;
  /** `""` when it judges all methods together. */
  readonly method: string;
  /** The one instance that it judges; `""` when it judges all together. */
  readonly instance: string;
  /** An open one whose time is up stays open until the next call, which is then a probe. */
  readonly state: "closed" | "half-open" | "open";
  /** `dark` refuses nothing and counts what it would refuse; `off` judges nothing. */
  readonly mode: "on" | "dark" | "off";
  /** Calls at work now. */
  readonly concurrency: number;
  /** Of the last ten seconds, or since it closed if that is less; so are the next two. */
  readonly successes: number;
  readonly failures: number;
  readonly timeouts: number;
  /** Failures and timeouts since the last success. */
  readonly consecutiveErrors: number;
  /** Failures and timeouts as a part of all calls of the last ten seconds: 0 to 1, 4 decimals. */
  readonly errorRate: number;
  /** Calls refused since the start; in dark mode, that would have been. */
  readonly refused: number;
  /** Probes in flight while half-open. */
  readonly probes: number;
  /** Milliseconds since the Unix epoch; null unless it is open. */
  readonly openUntilEpochMs: number | null;
  /** Null for one that has been closed since it was made. */
  readonly lastTransition: BreakerRowTransition | null;
}

export interface BreakerRowTransition {
  readonly from: BreakerRow["state"];
  readonly to: BreakerRow["state"];
  /** Milliseconds since the Unix epoch. */
  readonly atEpochMs: number;
  readonly why: string;
}

/**
 * Calls that are risked to see whether an instance that fails works again. Its breaker says how
 * often; a call that may be done twice is risked before one that may not.
 */
import type { ClientCall } from "./client-call.ts";
import type { Endpoint } from "./endpoint.ts";

/** So long a probe waits for a call that may be done twice. */
const PATIENCE_MS = 1_000;
/** Those that fail are looked through no more often than this. */
const PERIOD_MIN_MS = 10;

export class Probes {
  /** When `take` may find one, on the clock's `nowMs()` scale. */
  dueMs = Infinity;
  private failing: readonly Endpoint[] = [];
  private next = 0;

  update(failing: readonly Endpoint[], nowMs: number): void {
    this.failing = failing;
    this.dueMs = this.nextDueMs(nowMs);
  }

  /** The instance that the call is risked on; undefined when there is none. */
  take(call: ClientCall, avoided: readonly string[], nowMs: number): Endpoint | undefined {
    const { idempotent, definition } = call.method;
    if (definition.oneway || (!idempotent && nowMs < this.dueMs + PATIENCE_MS)) return undefined;
    const { failing } = this;
    let found: Endpoint | undefined;
    for (let step = 0; step < failing.length && found === undefined; step++) {
      this.next = (this.next + 1) % failing.length;
      const endpoint = failing[this.next]!;
      if (avoided.includes(endpoint.instance.id)) continue;
      if (endpoint.takesProbe()) found = endpoint;
    }
    this.dueMs = Math.max(nowMs + PERIOD_MIN_MS, this.nextDueMs(nowMs));
    return found;
  }

  private nextDueMs(nowMs: number): number {
    return nowMs + Math.min(...this.failing.map((endpoint) => endpoint.probeInMs()));
  }
}

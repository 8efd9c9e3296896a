/**
 * Calls that are risked to see whether an instance that is left out works again. Its breaker says
 * how often; a call that may be done twice is risked before one that may not.
 */
import type { ClientCall } from "./client-call.ts";
import type { Endpoint } from "./endpoint.ts";

/** So long a probe waits for a call that may be done twice. */
const PATIENCE_MS = 1_000;
/** Those left out are looked through no more often than this. */
const PERIOD_MIN_MS = 10;

export class Probes {
  /** When `take` may find one, on the clock's `nowMs()` scale. */
  dueMs = Infinity;
  private ejected: readonly Endpoint[] = [];
  private next = 0;

  update(ejected: readonly Endpoint[], nowMs: number): void {
    this.ejected = ejected;
    this.dueMs = this.nextDueMs(nowMs);
  }

  /** The instance that the call is risked on; undefined when there is none. */
  take(call: ClientCall, avoided: readonly string[], nowMs: number): Endpoint | undefined {
    const { idempotent, oneway } = call.method.definition;
    if (oneway || (!idempotent && nowMs < this.dueMs + PATIENCE_MS)) return undefined;
    const { ejected } = this;
    let found: Endpoint | undefined;
    for (let step = 0; step < ejected.length && found === undefined; step++) {
      this.next = (this.next + 1) % ejected.length;
      const endpoint = ejected[this.next]!;
      if (avoided.includes(endpoint.instance.id)) continue;
      if (endpoint.takesProbe()) found = endpoint;
    }
    this.dueMs = Math.max(nowMs + PERIOD_MIN_MS, this.nextDueMs(nowMs));
    return found;
  }

  private nextDueMs(nowMs: number): number {
    return nowMs + Math.min(...this.ejected.map((endpoint) => endpoint.probeInMs()));
  }
}

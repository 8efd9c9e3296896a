/** Whether a host is well, as far as looking at it tells: it is looked at again and again. */
import { type Address, after, type Clock, type Network, type Random } from "holdfast";
import { HostCheck, type HostCheckResult } from "./host-check.ts";
import type { HostChoiceOptions } from "./options.ts";

/** `unknown` until it has been looked at once; it is used like a healthy one. */
export type HealthState = "unknown" | "healthy" | "unhealthy";

export interface HostHealthParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly address: Address;
  readonly options: HostChoiceOptions;
  /** It was healthy, or unknown, and is unhealthy now, or the other way round. */
  readonly onChange: (state: HealthState, why: string) => void;
}

/** Parts of `checkIntervalMs`: so that many proxies do not all look at the same moment. */
const JITTER_RATIO = 0.1;

export class HostHealth {
  state: HealthState = "unknown";
  /** What is known last: its first line, or why it is ill; `""` before. */
  why = "";
  private readonly parts: HostHealthParts;
  private failuresInRow = 0;
  private checkedMs: number | undefined = undefined;
  /** When it last proved to be well without being looked at. */
  private provenMs = -Infinity;
  /** The last one; it goes on after its result until the host has closed. */
  private check: HostCheck | undefined = undefined;
  private looking = false;
  private stopped = false;
  private stopTimer: () => void = () => undefined;

  constructor(parts: HostHealthParts) {
    this.parts = parts;
    this.look();
  }

  /** Milliseconds since the last look; undefined before. */
  get checkedAgoMs(): number | undefined {
    const { checkedMs, parts } = this;
    return checkedMs === undefined ? undefined : parts.clock.nowMs() - checkedMs;
  }

  /** Somebody has logged in there. */
  proven(): void {
    this.provenMs = this.parts.clock.nowMs();
    this.take({ kind: "well", ident: "somebody has logged in" });
  }

  /** Somebody could not: it is looked at now, unless that is going on. */
  doubted(): void {
    this.provenMs = -Infinity;
    if (!this.stopped && !this.looking) this.look();
  }

  stop(): void {
    this.stopped = true;
    this.stopTimer();
    this.check?.stop();
  }

  private look(): void {
    this.stopTimer();
    const { network, clock, address, options } = this.parts;
    const { checkIntervalMs, checkTimeoutMs: timeoutMs } = options;
    if (clock.nowMs() - this.provenMs < checkIntervalMs) {
      this.lookLater();
      return;
    }
    const check = new HostCheck({ network, clock, address, timeoutMs });
    this.check = check;
    this.looking = true;
    void check.result.then((result) => {
      this.looking = false;
      if (this.stopped) return;
      this.checkedMs = clock.nowMs();
      this.take(result);
      this.lookLater();
    });
  }

  private lookLater(): void {
    const { clock, random, options } = this.parts;
    const factor = 1 + JITTER_RATIO * (2 * random.next() - 1);
    this.stopTimer = after(clock, options.checkIntervalMs * factor, () => this.look());
  }

  private take(result: HostCheckResult): void {
    if (result.kind === "well") {
      this.failuresInRow = 0;
      this.why = result.ident;
      this.become("healthy");
      return;
    }
    this.failuresInRow++;
    this.why = result.why;
    if (this.failuresInRow >= this.parts.options.failuresMax) this.become("unhealthy");
  }

  private become(state: HealthState): void {
    const before = this.state;
    this.state = state;
    if (before === state || (before === "unknown" && state === "healthy")) return;
    this.parts.onChange(state, this.why);
  }
}

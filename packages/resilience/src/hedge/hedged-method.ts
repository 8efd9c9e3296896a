/** What is kept for one method: how long its calls take, and when a call of it is late. */
import type { StatsRegistry } from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";
import { Tally } from "../tally.ts";
import { LatencyWindow } from "./latency-window.ts";
import type { HedgeLiveOptions } from "./options.ts";

export class HedgedMethod {
  readonly sent: Tally;
  readonly won: Tally;
  readonly refused: { readonly time: Tally; readonly budget: Tally };
  private readonly window: LatencyWindow;
  private delayMs: number | undefined = undefined;
  private refreshAtMs = -Infinity;
  private seen: HedgeLiveOptions | undefined = undefined;

  constructor(key: CallKey, stats: StatsRegistry | undefined, windowMs: number, nowMs: number) {
    const family = stats?.counter({
      name: "holdfast_hedges",
      help: "Second tries sent, those that were faster than the first, and those not sent, by why",
      labels: ["service", "method", "result"],
    });
    const tallyOf = (result: string): Tally =>
      new Tally(family?.of(key.callee, key.method, result));
    this.sent = tallyOf("sent");
    this.won = tallyOf("won");
    this.refused = { time: tallyOf("time"), budget: tallyOf("budget") };
    this.window = new LatencyWindow(windowMs, nowMs);
  }

  get samples(): number {
    return this.window.count;
  }

  /**
   * A call has ended that began at `startMs`. When the second try was faster, the first one would
   * have taken at least this long: it counts as late either way, which is all that is asked.
   *
   * Only answers are recorded. A failure may be quick; and if calls that ran out of time counted,
   * one instance of ten that hangs would push the percentile to the deadline, and nobody would be
   * hedged when it helps most. What that costs is bounded by the budget.
   */
  record(nowMs: number, startMs: number): void {
    this.window.record(nowMs - startMs, nowMs);
  }

  /** How long to wait for the first try, in ms; undefined while too little is known. */
  delayAt(nowMs: number, live: HedgeLiveOptions): number | undefined {
    if (nowMs >= this.refreshAtMs || live !== this.seen) {
      this.refreshAtMs = nowMs + live.refreshMs;
      this.seen = live;
      const delayMs = Math.max(live.delayMinMs, this.window.quantile(live.quantile, nowMs));
      this.delayMs = this.window.count < live.samplesMin ? undefined : delayMs;
    }
    return this.delayMs;
  }
}

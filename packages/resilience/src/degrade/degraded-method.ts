/** What is kept for one method: how often it was degraded and how, and its last good replies. */
import type { StatsRegistry } from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";
import { Tally } from "../tally.ts";
import { LastGood } from "./last-good.ts";
import type { DegradeMode } from "./options.ts";

export interface DegradeCounts {
  /** Replies given instead, by how. */
  readonly degraded: Readonly<Record<Exclude<DegradeMode, "off">, number>>;
  /** Calls that were not made. */
  readonly dropped: number;
  /** Calls that would not have been made but for dark mode. */
  readonly wouldDrop: number;
  /** Calls that failed because there was no fallback after all: too old, failed, too slow. */
  readonly withoutFallback: number;
}

export class DegradedMethod<Reply> {
  readonly lastGood: LastGood<Reply>;
  readonly degraded: Readonly<Record<Exclude<DegradeMode, "off">, Tally>>;
  readonly dropped: Tally;
  readonly wouldDrop: Tally;
  readonly withoutFallback: Tally;

  constructor(key: CallKey, stats: StatsRegistry | undefined, lastGoodMax: number) {
    this.lastGood = new LastGood(lastGoodMax);
    const family = stats?.counter({
      name: "holdfast_degraded",
      help: "Replies given instead of the callee's by mode, and calls dropped on purpose",
      labels: ["service", "method", "result"],
    });
    const tallyOf = (result: string): Tally =>
      new Tally(family?.of(key.callee, key.method, result));
    this.degraded = {
      value: tallyOf("value"),
      function: tallyOf("function"),
      "last-good": tallyOf("last-good"),
    };
    this.dropped = tallyOf("dropped");
    this.wouldDrop = tallyOf("would-drop");
    this.withoutFallback = tallyOf("without-fallback");
  }

  counts(): DegradeCounts {
    const { degraded, dropped, wouldDrop, withoutFallback } = this;
    return {
      degraded: {
        value: degraded.value.value,
        function: degraded.function.value,
        "last-good": degraded["last-good"].value,
      },
      dropped: dropped.value,
      wouldDrop: wouldDrop.value,
      withoutFallback: withoutFallback.value,
    };
  }
}

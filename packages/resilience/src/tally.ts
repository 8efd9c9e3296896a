/**
 * A count that stands in two places: in the snapshot of one policy, and in the process's metrics,
 * where several clients of one service add up.
 */
import type { Counter } from "@holdfast/core";

export class Tally {
  value = 0;
  private readonly metric: Counter | undefined;

  constructor(metric: Counter | undefined) {
    this.metric = metric;
  }

  add(): void {
    this.value++;
    this.metric?.add();
  }
}

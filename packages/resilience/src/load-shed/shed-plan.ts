/**
 * Whom to drop, when a share of all calls is to be dropped: the least important first, and of the
 * same importance the newest retry first, since a call that comes back tells of load, not of need.
 * What comes is counted by class, so that a share is a share of the traffic there is: classes that
 * nobody uses cost no time to get past. After the admission levels of Zhou et al., "Overload
 * Control for Scaling WeChat Microservices", SoCC 2018.
 */
import { PRIORITY, type Priority } from "@holdfast/core";

/** Retries of a call told apart: 2 and more, 1, none; in the order in which they go. */
const RETRY_CLASSES = 3;
const RETRIES_MAX = RETRY_CLASSES - 1;
const PRIORITIES = 4;
const CLASSES = PRIORITIES * RETRY_CLASSES;
/** Without them nothing works; the limit behind refuses them when nothing else is left. */
const SHEDDABLE_CLASSES = PRIORITY.critical * RETRY_CLASSES;
/** How much of what is known of the traffic is new in each period. */
const MIX_SMOOTHING = 0.5;

export class ShedPlan {
  /** Calls of each class, least important first: in this period, and smoothed. */
  private readonly counts = new Float64Array(CLASSES);
  private readonly mix = new Float64Array(CLASSES);
  private readonly shares = new Float64Array(CLASSES);

  /** Counts a call; what is returned goes into `shareOf`. */
  count(priority: Priority, retries: number): number {
    const known = Math.min(RETRIES_MAX, Math.max(0, retries));
    const index = priority * RETRY_CLASSES + RETRIES_MAX - known;
    this.counts[index]!++;
    return index;
  }

  /** The share of this class that is to be dropped, 0 to 1. */
  shareOf(index: number): number {
    return this.shares[index]!;
  }

  /** The share of all calls of a priority that is to be dropped, as they came lately. */
  shareOfPriority(priority: Priority): number {
    let calls = 0;
    let dropped = 0;
    for (let index = priority * RETRY_CLASSES; index < (priority + 1) * RETRY_CLASSES; index++) {
      calls += this.mix[index]!;
      dropped += this.mix[index]! * this.shares[index]!;
    }
    return calls === 0 ? 0 : dropped / calls;
  }

  /** A period is over; from now on `share` of all calls is to be dropped. */
  plan(share: number): void {
    const { counts, mix, shares } = this;
    let total = 0;
    for (let index = 0; index < CLASSES; index++) {
      mix[index]! += (counts[index]! - mix[index]!) * MIX_SMOOTHING;
      counts[index] = 0;
      total += mix[index]!;
    }
    let left = share * total;
    for (let index = 0; index < SHEDDABLE_CLASSES; index++) {
      const calls = mix[index]!;
      // A class without calls goes with those before it: its first call is not the one to keep.
      const isAll = left > 0 && left >= calls;
      shares[index] = isAll ? 1 : left / (calls || 1);
      left = isAll ? left - calls : 0;
    }
  }
}

/**
 * The log of those who were not let in. An attack makes thousands of refusals a second; the log
 * must neither be silent about it nor become the attack: so many lines a second for each reason,
 * and then one with how many there were besides.
 */
import { after, type Clock, type Logger } from "holdfast";

const PER_SECOND_MAX = 10;
const WINDOW_MS = 1_000;

export class RefusalLog {
  private readonly clock: Clock;
  private readonly logger: Logger;
  /** Of this second, by reason. */
  private readonly counts = new Map<string, number>();
  private closed = false;
  private stopTimer: (() => void) | undefined = undefined;

  constructor(clock: Clock, logger: Logger) {
    this.clock = clock;
    this.logger = logger;
  }

  refused(reason: string, why: string): void {
    const count = (this.counts.get(reason) ?? 0) + 1;
    this.counts.set(reason, count);
    if (count <= PER_SECOND_MAX) this.logger.warn("ssh refused", { reason, why });
    if (!this.closed) this.stopTimer ??= after(this.clock, WINDOW_MS, () => this.sum());
  }

  /** What was counted is said; later ones are still said, up to as many. */
  close(): void {
    this.closed = true;
    this.stopTimer?.();
    this.sum();
  }

  private sum(): void {
    this.stopTimer = undefined;
    for (const [reason, count] of this.counts) {
      const more = count - PER_SECOND_MAX;
      if (more > 0) this.logger.warn("ssh refused more of these", { reason, more });
    }
    this.counts.clear();
  }
}

/** Logs an outage of Consul so that it is seen and not drowned in: its beginning, a line now and
 * then while it lasts, and its end. */
import type { Clock, LogFields, Logger, ServiceError } from "@holdfast/core";

export class OutageLog {
  private readonly logger: Logger;
  private readonly clock: Clock;
  private readonly intervalMs: number;
  private sinceMs: number | undefined = undefined;
  private loggedMs = -Infinity;
  private code = "";

  constructor(logger: Logger, clock: Clock, intervalMs: number) {
    this.logger = logger;
    this.clock = clock;
    this.intervalMs = intervalMs;
  }

  get isOn(): boolean {
    return this.sinceMs !== undefined;
  }

  failed(message: string, error: ServiceError, fields: LogFields): void {
    const nowMs = this.clock.nowMs();
    this.sinceMs ??= nowMs;
    // Another kind of failure is news: an agent is back, and refuses the token.
    if (nowMs - this.loggedMs < this.intervalMs && error.code === this.code) return;
    this.loggedMs = nowMs;
    this.code = error.code;
    const awayMs = nowMs - this.sinceMs;
    this.logger.warn(message, { ...fields, awayMs, reason: error.message });
  }

  ended(fields: LogFields): void {
    if (this.sinceMs === undefined) return;
    const awayMs = this.clock.nowMs() - this.sinceMs;
    this.logger.info("consul answers again", { ...fields, awayMs });
    this.sinceMs = undefined;
    this.loggedMs = -Infinity;
  }
}

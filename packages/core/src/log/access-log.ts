/**
 * Which of the recorded calls become log lines: those that failed, those that were slow, and a
 * sample; all of them when asked for. A call without a line pays for two comparisons and a count.
 */
import type { Clock } from "../time/clock.ts";
import { OUTCOME_EXCEPTION, outcomeOf } from "./call-records.ts";
import type { CallRecord, CallRecords } from "./call-records.ts";
import { escapeControl } from "./escape.ts";
import type { LogFields, Logger } from "./logger.ts";

export type AccessLogMode = "all" | "sampled" | "off";

/** What may change while the process runs. */
export interface AccessLogLiveOptions {
  /**
   * `all`: a line for every call; about 5 µs each, more than a small call. `sampled` (default):
   * failed, slow, and a sample. `off`: none, but `dump` still works.
   */
  readonly mode: AccessLogMode;
  /** A call that takes this long, in ms, gets a line; 0 or more, default 500. */
  readonly slowMs: number;
  /** One in so many of the other calls gets a line; 1 or more, default 1,000. */
  readonly sampleEvery: number;
  /**
   * Lines in one second, 1 or more, default 200, so that an outage does not become a flood; what
   * exceeds is counted, and the count is logged. In mode `all` there is no such bound.
   */
  readonly linesPerSecondMax: number;
}

export interface AccessLogOptions extends Partial<AccessLogLiveOptions> {
  readonly clock: Clock;
  readonly records: CallRecords;
  readonly logger: Logger;
  /** Milliseconds between two dumps, 0 or more, default 10,000; a dump before that is skipped. */
  readonly dumpIntervalMs?: number;
}

const DEFAULT_LIVE: AccessLogLiveOptions = {
  mode: "sampled",
  slowMs: 500,
  sampleEvery: 1_000,
  linesPerSecondMax: 200,
};
const DEFAULT_DUMP_INTERVAL_MS = 10_000;
const DEFAULT_DUMP_RECORDS = 100;
const OUTCOME_INTERNAL = outcomeOf("internal");

type Why = "all" | "failed" | "slow" | "sample";

export class AccessLog {
  private readonly clock: Clock;
  private readonly records: CallRecords;
  private readonly logger: Logger;
  private readonly dumpIntervalMs: number;
  private live: AccessLogLiveOptions;
  /** The options as the quick check wants them. */
  private untilSample = 1;
  private slowMs = 0;
  private windowEndMs = -Infinity;
  private linesInWindow = 0;
  private dropped = 0;
  private nextDumpMs = -Infinity;

  constructor(options: AccessLogOptions) {
    this.clock = options.clock;
    this.records = options.records;
    this.logger = options.logger;
    this.dumpIntervalMs = options.dumpIntervalMs ?? DEFAULT_DUMP_INTERVAL_MS;
    this.live = DEFAULT_LIVE;
    const { mode, slowMs, sampleEvery, linesPerSecondMax } = { ...DEFAULT_LIVE, ...options };
    this.setLive({ mode, slowMs, sampleEvery, linesPerSecondMax });
  }

  get options(): AccessLogLiveOptions {
    return this.live;
  }

  /** Throws when a value is out of its range; then nothing has changed. */
  setLive(change: Partial<AccessLogLiveOptions>): void {
    const live = { ...this.live, ...change };
    checkLiveOptions(live);
    this.live = live;
    this.slowMs = live.mode === "off" ? Infinity : live.slowMs;
    this.restartSample();
  }

  /** After every call: the ticket that `CallRecords.end` returned, and what it was told. */
  ended(ticket: number, outcome: number, durationMs: number): void {
    if (outcome <= OUTCOME_EXCEPTION && durationMs < this.slowMs && --this.untilSample > 0) return;
    this.endedRemarkably(ticket, outcome, durationMs);
  }

  /**
   * Writes the last `count` records, oldest first: for when something went wrong, or somebody
   * asks. Returns how many; 0 when the last dump was too short a time ago.
   */
  dump(reason: string, count = DEFAULT_DUMP_RECORDS): number {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.nextDumpMs) return 0;
    this.nextDumpMs = nowMs + this.dumpIntervalMs;
    const records = this.records.recent(count).reverse();
    this.logger.info("the last calls", { why: escapeControl(reason), count: records.length });
    for (const record of records) this.logger.info("recent call", fieldsOf(record));
    return records.length;
  }

  private endedRemarkably(ticket: number, outcome: number, durationMs: number): void {
    const why = this.whyOf(outcome, durationMs);
    if (this.untilSample <= 0) this.restartSample();
    if (why === undefined || !this.takeLine()) return;
    const record = this.records.read(ticket);
    if (record === undefined) return;
    const fields = { ...fieldsOf(record), why };
    if (outcome === OUTCOME_INTERNAL) this.logger.error("call failed", fields);
    else if (outcome > OUTCOME_EXCEPTION) this.logger.warn("call failed", fields);
    else this.logger.info("call", fields);
  }

  private whyOf(outcome: number, durationMs: number): Why | undefined {
    if (this.live.mode === "off") return undefined;
    if (outcome > OUTCOME_EXCEPTION) return "failed";
    if (durationMs >= this.slowMs) return "slow";
    return this.live.mode === "all" ? "all" : "sample";
  }

  private restartSample(): void {
    this.untilSample = this.live.mode === "all" ? 1 : this.live.sampleEvery;
  }

  private takeLine(): boolean {
    if (this.live.mode === "all") return true;
    const nowMs = this.clock.nowMs();
    if (nowMs >= this.windowEndMs) {
      this.windowEndMs = nowMs + 1_000;
      this.linesInWindow = 0;
      if (this.dropped > 0) this.logger.warn("call lines dropped", { count: this.dropped });
      this.dropped = 0;
    }
    if (this.linesInWindow >= this.live.linesPerSecondMax) {
      this.dropped++;
      return false;
    }
    this.linesInWindow++;
    return true;
  }
}

/** What comes from outside is escaped here: not every logger does. */
function fieldsOf(record: CallRecord): LogFields {
  return {
    requestId: escapeControl(record.requestId),
    method: escapeControl(record.method),
    caller: escapeControl(record.caller),
    peer: escapeControl(record.peer),
    startEpochMs: record.startEpochMs,
    durationMs: record.durationMs === undefined ? undefined : roundToMicros(record.durationMs),
    outcome: record.outcome ?? "running",
  };
}

function roundToMicros(durationMs: number): number {
  return Math.round(durationMs * 1_000) / 1_000;
}

function checkLiveOptions(live: AccessLogLiveOptions): void {
  const { mode, slowMs, sampleEvery, linesPerSecondMax } = live;
  if (mode !== "all" && mode !== "sampled" && mode !== "off") {
    throw new RangeError(`mode is ${String(mode)}; it must be all, sampled or off`);
  }
  if (!(slowMs >= 0)) throw new RangeError(`slowMs is ${slowMs}; it must be 0 or more`);
  if (!(sampleEvery >= 1)) {
    throw new RangeError(`sampleEvery is ${sampleEvery}; it must be 1 or more`);
  }
  if (!(linesPerSecondMax >= 1)) {
    throw new RangeError(`linesPerSecondMax is ${linesPerSecondMax}; it must be 1 or more`);
  }
}

/**
 * Where the events of connections go: the ring, the metrics, the log and the audit file. Until
 * somebody has proved to have a key, a connection is noise (port scans, probes of load balancers):
 * its events wait, and are written at debug when it ends. From the proof on, all is written at
 * info, what waited first, each line with the time at which it happened.
 */
import type { Clock, Logger, Random } from "holdfast";
import { ConnectionStats } from "../stats/connection-stats.ts";
import type { ProxyStats } from "../stats/proxy-stats.ts";
import { type EventRecord, recordOf } from "./event-record.ts";
import type { EventRing } from "./event-ring.ts";
import type { ConnectionLog, ForensicEvent, Forensics } from "./forensic-event.ts";

/** What the audit file must do here; `AuditLog` does. */
export interface AuditSink {
  readonly writable: boolean;
  /** Takes a line. Never throws, never waits. */
  write(record: EventRecord): void;
}

export interface ForensicsParts {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly ring: EventRing;
  readonly stats: ProxyStats;
  /** Default: there is none, and sessions may always begin. */
  readonly audit?: AuditSink | undefined;
}

/** `ssh accept`, `ssh ident`, …: what the log's lines say of themselves. */
export const MESSAGE_PREFIX = "ssh ";
/**
 * Events of one connection that wait for a proof: an accept, an ident, a key exchange, an end, and
 * all the attempts to log in that there can be. What comes beyond is written at debug at once.
 */
const HELD_MAX = 100;

export function createForensics(parts: ForensicsParts): Forensics {
  return new RecordedForensics(parts);
}

class RecordedForensics implements Forensics {
  private readonly parts: ForensicsParts;
  private readonly liveKeys = new Set<string>();

  constructor(parts: ForensicsParts) {
    this.parts = parts;
  }

  get mayBegin(): boolean {
    return this.parts.audit?.writable ?? true;
  }

  open(): ConnectionLog {
    const sessionKey = this.newKey();
    this.liveKeys.add(sessionKey);
    return new RecordedConnection(this.parts, sessionKey, () => this.liveKeys.delete(sessionKey));
  }

  private newKey(): string {
    for (;;) {
      const number = Math.floor(this.parts.random.next() * 0x1_0000_0000);
      const key = number.toString(16).padStart(8, "0");
      if (!this.liveKeys.has(key)) return key;
    }
  }
}

class RecordedConnection implements ConnectionLog {
  readonly sessionKey: string;
  private readonly parts: ForensicsParts;
  private readonly counts: ConnectionStats;
  private readonly openedMs: number;
  private readonly onEnd: () => void;
  /** Undefined once somebody has proved to have a key. */
  private held: EventRecord[] | undefined = [];
  private ended = false;

  constructor(parts: ForensicsParts, sessionKey: string, onEnd: () => void) {
    this.parts = parts;
    this.sessionKey = sessionKey;
    this.onEnd = onEnd;
    this.counts = new ConnectionStats(parts.stats);
    this.openedMs = parts.clock.nowMs();
  }

  record(event: ForensicEvent): void {
    const { clock, ring } = this.parts;
    const record = recordOf(this.sessionKey, clock.epochMs(), event);
    ring.add(record);
    this.counts.take(event, clock.nowMs() - this.openedMs);
    if (provesKey(event)) this.writeHeld("info");
    if (this.held === undefined) this.write("info", record);
    else if (this.ended || this.held.length >= HELD_MAX) this.write("debug", record);
    else this.held.push(record);
    if (event.event === "end") this.end();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.held !== undefined) this.writeHeld("debug");
    this.onEnd();
  }

  private writeHeld(level: "debug" | "info"): void {
    const records = this.held ?? [];
    this.held = level === "info" ? undefined : [];
    for (const record of records) this.write(level, record);
  }

  private write(level: "debug" | "info", record: EventRecord): void {
    this.parts.logger[level](`${MESSAGE_PREFIX}${record.event}`, record);
    // Noise is not audited: anybody could fill the disk with it.
    if (level === "info") this.parts.audit?.write(record);
  }
}

/** Partial success is a proof too: of one key, where several are asked for. */
function provesKey(event: ForensicEvent): boolean {
  return event.event === "auth" && (event.result === "accepted" || event.result === "partial");
}

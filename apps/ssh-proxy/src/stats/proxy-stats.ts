/**
 * The metrics of connections and sessions; those of admission are in front/. No label says who or
 * from where: what a label may say stands in a list here, and anything else counts as `other`.
 */
import {
  type Counter,
  type CounterFamily,
  type Gauge,
  type Histogram,
  type HistogramFamily,
  OTHER,
  type StatsRegistry,
} from "holdfast";
import { GIT_VERBS, type Verb } from "../command/command.ts";
import { END_REASONS, type EndReason } from "../forensic/forensic-event.ts";

export const SESSION_VERBS = [
  ...GIT_VERBS,
  "git-lfs-authenticate",
  "hg-serve",
  /** It ended before its command was understood or its route found. */
  "none",
] as const satisfies readonly (Verb | "none")[];

export const AUTH_METHODS = ["none", "publickey", "password", "keyboard-interactive"] as const;

/** Milliseconds are recorded, seconds are shown. */
const SECONDS = { unit: "seconds", recordedPerUnit: 1_000 } as const;
/** A session takes up to hours: steps of a millisecond reach 49 days, finer ones 71 minutes. */
const LONG_SECONDS = { ...SECONDS, ticksPerUnit: 1 } as const;

/** What the part of the audit file that counts says of itself. */
export interface AuditState {
  readonly writable: boolean;
  readonly lineCount: number;
  readonly lostCount: number;
  readonly failureCount: number;
}

/** One for each process. What a forensic log tells is counted by `ConnectionStats`. */
export class ProxyStats {
  readonly handshakes: Readonly<Record<"done" | "failed", Counter>>;
  readonly handshakeMs: Histogram;
  readonly rekeys: Counter;
  readonly loginMs: Histogram;
  /** Sessions that are running. */
  readonly sessions: Gauge;
  readonly refusals: Counter;
  readonly routeMs: Histogram;
  /** From the command to the moment at which both sides are connected. */
  readonly setupMs: Histogram;
  readonly dials: Readonly<Record<"done" | "failed", Counter>>;
  readonly dialMs: Histogram;
  /** Sessions on a connection to a backend that was there already. */
  readonly backendReuses: Counter;
  /** Payload from the client; to be added to as it is relayed. */
  readonly bytesIn: Counter;
  /** Payload to the client. */
  readonly bytesOut: Counter;
  /** Times a client closed its output early, and the backend was told (`eow@openssh.com`). */
  readonly earlyCloses: Counter;
  private readonly ends: CounterFamily;
  private readonly authAttempts: CounterFamily;
  private readonly sessionEnds: CounterFamily;
  private readonly sessionMs: HistogramFamily;
  private readonly events: CounterFamily;
  private readonly buffered: Gauge;
  private readonly bufferedPeak: Gauge;
  private readonly registry: StatsRegistry;

  constructor(registry: StatsRegistry) {
    this.registry = registry;
    this.ends = registry.counter({
      name: "ssh_proxy_connection_ends",
      help: "Connections that ended, by why, and whether anybody had logged in",
      labels: ["reason", "authenticated"],
    });
    this.events = registry.counter({
      name: "ssh_proxy_forensic_events",
      help: "Events of connections, also of those on which nobody logs in",
      labels: ["event"],
    });
    const logins = countLogins(registry);
    this.handshakes = logins.handshakes;
    this.handshakeMs = logins.handshakeMs;
    this.rekeys = logins.rekeys;
    this.loginMs = logins.loginMs;
    this.authAttempts = logins.attempts;
    const sessions = countSessions(registry);
    this.sessions = sessions.running;
    this.sessionEnds = sessions.ends;
    this.sessionMs = sessions.durations;
    this.refusals = sessions.refusals;
    this.routeMs = sessions.routeMs;
    this.setupMs = sessions.setupMs;
    const dials = countDials(registry);
    this.dials = dials.results;
    this.dialMs = dials.durations;
    this.backendReuses = dials.reuses;
    const bytes = countBytes(registry);
    this.bytesIn = bytes.payload.of("in");
    this.bytesOut = bytes.payload.of("out");
    this.earlyCloses = bytes.earlyCloses;
    this.buffered = bytes.buffered;
    this.bufferedPeak = bytes.bufferedPeak;
  }

  /** More bytes wait in a session, either way; negative: fewer. */
  addBuffered(bytes: number): void {
    this.buffered.value += bytes;
    if (this.buffered.value > this.bufferedPeak.value) {
      this.bufferedPeak.value = this.buffered.value;
    }
  }

  /** Bytes that wait in all sessions now, and the most there ever were. */
  get bufferedBytes(): { readonly now: number; readonly peak: number } {
    return { now: this.buffered.value, peak: this.bufferedPeak.value };
  }

  connectionEnded(reason: EndReason, authenticated: boolean): void {
    this.ends.of(listed(reason, END_REASONS), authenticated ? "yes" : "no").value++;
  }

  authAttempted(method: string, result: string): void {
    this.authAttempts.of(listed(method, AUTH_METHODS), result).value++;
  }

  sessionEnded(verb: string, reason: EndReason, durationMs: number): void {
    const label = listed(verb, SESSION_VERBS);
    this.sessionEnds.of(label, listed(reason, END_REASONS)).value++;
    this.sessionMs.of(label).record(durationMs);
  }

  eventRecorded(event: string): void {
    this.events.of(event).value++;
  }

  /** Shows the audit file; the returned function takes it away. */
  showAudit(audit: AuditState): () => void {
    return showAudit(this.registry, audit);
  }
}

function listed(value: string, list: readonly string[]): string {
  return list.includes(value) ? value : OTHER;
}

function countLogins(registry: StatsRegistry) {
  const handshakes = registry.counter({
    name: "ssh_proxy_handshakes_ended",
    help: "First key exchanges; failed: the connection ended before it was done",
    labels: ["result"],
  });
  return {
    handshakes: { done: handshakes.of("done"), failed: handshakes.of("failed") },
    handshakeMs: registry
      .histogram({
        name: "ssh_proxy_handshake_duration_seconds",
        help: "From the accept to the end of the first key exchange",
        ...SECONDS,
      })
      .of(),
    rekeys: registry
      .counter({ name: "ssh_proxy_rekeys", help: "Later key exchanges with clients" })
      .of(),
    loginMs: registry
      .histogram({
        name: "ssh_proxy_login_duration_seconds",
        help: "From the accept to the login",
        ...SECONDS,
      })
      .of(),
    attempts: registry.counter({
      name: "ssh_proxy_auth_attempts",
      help: "Attempts to log in, by method and result; offered: only asked whether a key would do",
      labels: ["method", "result"],
    }),
  };
}

function countSessions(registry: StatsRegistry) {
  return {
    running: registry.gauge({ name: "ssh_proxy_sessions", help: "Sessions that are running" }).of(),
    ends: registry.counter({
      name: "ssh_proxy_session_ends",
      help: "Sessions that ended, by what was asked for and why they ended",
      labels: ["verb", "reason"],
      labelSetsMax: (SESSION_VERBS.length + 1) * (END_REASONS.length + 1),
    }),
    durations: registry.histogram({
      name: "ssh_proxy_session_duration_seconds",
      help: "From the command to the end of its session",
      labels: ["verb"],
      ...LONG_SECONDS,
    }),
    refusals: registry
      .counter({ name: "ssh_proxy_refusals", help: "Channels and commands that were refused" })
      .of(),
    routeMs: registry
      .histogram({
        name: "ssh_proxy_route_duration_seconds",
        help: "To find out where a repository lives",
        ...SECONDS,
      })
      .of(),
    setupMs: registry
      .histogram({
        name: "ssh_proxy_setup_duration_seconds",
        help: "From the command to the moment at which both sides are connected",
        ...SECONDS,
      })
      .of(),
  };
}

function countDials(registry: StatsRegistry) {
  const results = registry.counter({
    name: "ssh_proxy_dials",
    help: "New connections to backends, login included",
    labels: ["result"],
  });
  return {
    results: { done: results.of("done"), failed: results.of("failed") },
    durations: registry
      .histogram({
        name: "ssh_proxy_dial_duration_seconds",
        help: "To connect to a backend and log in there, also when that failed",
        ...SECONDS,
      })
      .of(),
    reuses: registry
      .counter({
        name: "ssh_proxy_backend_reuses",
        help: "Sessions on a connection to a backend that was there already",
      })
      .of(),
  };
}

function countBytes(registry: StatsRegistry) {
  return {
    payload: registry.counter({
      name: "ssh_proxy_payload_bytes",
      help: "Bytes of channels that were relayed, in: from clients; out: to them",
      unit: "bytes",
      labels: ["direction"],
    }),
    buffered: registry
      .gauge({
        name: "ssh_proxy_buffered_bytes",
        help: "Bytes that wait in sessions now",
        unit: "bytes",
      })
      .of(),
    bufferedPeak: registry
      .gauge({
        name: "ssh_proxy_buffered_peak_bytes",
        help: "The most that ever waited at once",
        unit: "bytes",
      })
      .of(),
    earlyCloses: registry
      .counter({
        name: "ssh_proxy_early_closes",
        help: "Clients that closed their output early, of which the backend was told",
      })
      .of(),
  };
}

function showAudit(registry: StatsRegistry, audit: AuditState): () => void {
  const writable = {
    name: "ssh_proxy_audit_writable",
    help: "1 while the audit file can be written; 0: no new session may begin",
  };
  const lines = { name: "ssh_proxy_audit_lines", help: "Lines written to the audit file" };
  const lost = {
    name: "ssh_proxy_audit_lines_lost",
    help: "Lines that found no room while the audit file could not be written",
  };
  const failures = {
    name: "ssh_proxy_audit_failures",
    help: "Times the audit file could not be written, or not brought to the disk",
  };
  const endings = [
    registry.reading("gauge", writable, () => (audit.writable ? 1 : 0)),
    registry.reading("counter", lines, () => audit.lineCount),
    registry.reading("counter", lost, () => audit.lostCount),
    registry.reading("counter", failures, () => audit.failureCount),
  ];
  return () => {
    for (const end of endings) end();
  };
}

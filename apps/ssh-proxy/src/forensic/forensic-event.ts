/**
 * The events of a connection's life, as they stand in the log: one JSON line each, all with the
 * SessionKey, which is what links the log with `/connections`. No payload, no secrets.
 */

/** Which part of a connection's life, in this order. */
export type ForensicEvent =
  | { readonly event: "accept"; readonly addr: string; readonly proxiedBy?: string }
  | { readonly event: "ident"; readonly ident: string }
  | {
      readonly event: "kex";
      readonly kex: string;
      readonly hostKey: string;
      readonly cipherIn: string;
      readonly cipherOut: string;
      readonly strictKex: boolean;
      /** Milliseconds since the accept. */
      readonly sinceAcceptMs: number;
    }
  | {
      readonly event: "auth";
      readonly user: string;
      readonly method: string;
      readonly fingerprint?: string;
      /** `offered`: asked whether it would do (no signature); `unavailable`: nobody knows now. */
      readonly result: "offered" | "refused" | "accepted" | "partial" | "unavailable";
      readonly why?: string;
      readonly account?: string;
      readonly publicKeyName?: string;
    }
  | { readonly event: "exec"; readonly channel: number; readonly command: string }
  | {
      readonly event: "refuse";
      readonly channel: number;
      readonly why: string;
    }
  | {
      readonly event: "route";
      readonly channel: number;
      readonly verb: string;
      readonly access: string;
      readonly repository: string;
      readonly backend: string;
      readonly path: string;
      readonly durationMs: number;
    }
  | {
      readonly event: "dial";
      readonly channel: number;
      readonly backend: string;
      readonly addr: string;
      /** Whether a connection made before was used. */
      readonly reused: boolean;
      readonly durationMs: number;
      readonly error?: string;
    }
  | { readonly event: "splice"; readonly channel: number; readonly sinceExecMs: number }
  | {
      readonly event: "exit";
      readonly channel: number;
      /** Absent when it ended by a signal, or without a word. */
      readonly status?: number;
      readonly signal?: string;
      /** Why the session ended; see `EndReason`. */
      readonly reason: EndReason;
      readonly bytesIn: number;
      readonly bytesOut: number;
      readonly durationMs: number;
      readonly bufferedPeakBytes: number;
    }
  | {
      readonly event: "end";
      readonly reason: EndReason;
      readonly text?: string;
      readonly account?: string;
      readonly sessions: number;
      readonly bytesIn: number;
      readonly bytesOut: number;
      readonly durationMs: number;
    };

/** Why a session or a connection came to its end; each is one kind of end. */
export const END_REASONS = [
  "done",
  "client-closed",
  "client-lost",
  "client-disconnected",
  "protocol-error",
  "ident-timeout",
  "login-timeout",
  "auth-failed",
  "inactive",
  "total-time",
  "keepalive",
  "backend-unreachable",
  "backend-refused",
  "backend-lost",
  "refused",
  "limit",
  "drain",
  "closed-by-operator",
  "audit-failed",
  "internal",
] as const;
export type EndReason = (typeof END_REASONS)[number];

/** Where the events of one connection go. */
export interface ConnectionLog {
  /** Eight hexadecimal digits, such as `106abc0c`. */
  readonly sessionKey: string;
  record(event: ForensicEvent): void;
}

export interface Forensics {
  /**
   * Opens the log of a connection that was just accepted. What happens before anybody has proved
   * to have a key is noise: it is kept in the ring and counted, and written at debug, until an
   * `auth` event says otherwise; from then on all is written at info, the start included.
   */
  open(): ConnectionLog;
  /** False while the audit file cannot be written: then no new session may begin. */
  readonly mayBegin: boolean;
}

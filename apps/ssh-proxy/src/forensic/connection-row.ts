/** A connection as `/connections` shows it: a row for each of its sessions, or one without. */
import { cutText, escapeControl, formatUptime } from "holdfast";
import type { Identity } from "../accounts/account-directory.ts";

/** Spelled as the operators' page has always spelled them. */
export interface ConnectionRow {
  readonly Account: string;
  readonly Name: string;
  readonly PublicKeyName: string;
  readonly Fingerprint: string;
  /** What stands on every line of its log. */
  readonly SessionKey: string;
  readonly Addr: string;
  readonly Ident: string;
  /** Since the accept, such as `25m4s`. */
  readonly SessionDuration: string;
  /** Without a session, there is none of what follows up to `Backend`. */
  readonly Channel?: number;
  /** Since the command, such as `4s`. */
  readonly ChannelDuration?: string;
  readonly Verb?: string;
  readonly Access?: string;
  readonly Repository?: string;
  readonly Backend?: string;
  /** Payload from the client and to it: of the session, or of all that ended so far. */
  readonly BytesIn: number;
  readonly BytesOut: number;
  /** How long ago payload last went either way, such as `3s`. */
  readonly LastActivity: string;
}

/** What the connection knows; times are those of `clock.nowMs()`. */
export interface ConnectionFacts {
  readonly sessionKey: string;
  readonly identity: Identity;
  readonly addr: string;
  readonly ident: string;
  readonly acceptedMs: number;
  readonly lastActivityMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly sessions: readonly SessionFacts[];
}

export interface SessionFacts {
  readonly channel: number;
  readonly startedMs: number;
  readonly lastActivityMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Known once the command is. */
  readonly verb?: string | undefined;
  readonly access?: string | undefined;
  readonly repository?: string | undefined;
  /** Known once the route is. */
  readonly backend?: string | undefined;
}

const TEXT_MAX_LENGTH = 255;

/** One row for each session; one for the connection itself when it has none. */
export function connectionRows(facts: ConnectionFacts, nowMs: number): ConnectionRow[] {
  const { identity } = facts;
  const who = {
    Account: plain(identity.account),
    Name: plain(identity.name),
    PublicKeyName: plain(identity.publicKeyName),
    Fingerprint: plain(identity.fingerprint),
    SessionKey: facts.sessionKey,
    Addr: plain(facts.addr),
    Ident: plain(facts.ident),
    SessionDuration: since(facts.acceptedMs, nowMs),
  };
  if (facts.sessions.length === 0) return [{ ...who, ...traffic(facts, nowMs) }];
  return facts.sessions.map((session) => ({
    ...who,
    Channel: session.channel,
    ChannelDuration: since(session.startedMs, nowMs),
    ...(session.verb !== undefined && { Verb: plain(session.verb) }),
    ...(session.access !== undefined && { Access: plain(session.access) }),
    ...(session.repository !== undefined && { Repository: plain(session.repository) }),
    ...(session.backend !== undefined && { Backend: plain(session.backend) }),
    ...traffic(session, nowMs),
  }));
}

function traffic(
  facts: { readonly bytesIn: number; readonly bytesOut: number; readonly lastActivityMs: number },
  nowMs: number,
): Pick<ConnectionRow, "BytesIn" | "BytesOut" | "LastActivity"> {
  return {
    BytesIn: facts.bytesIn,
    BytesOut: facts.bytesOut,
    LastActivity: since(facts.lastActivityMs, nowMs),
  };
}

function since(thenMs: number, nowMs: number): string {
  return formatUptime((nowMs - thenMs) / 1_000);
}

function plain(text: string): string {
  return escapeControl(cutText(text, TEXT_MAX_LENGTH).toWellFormed());
}

/**
 * One client from its accepted socket to its end: who it is, its sessions, its clocks, and what
 * the log says of it. The connection's parts know nothing of each other; here they meet.
 */
import { after, type Clock } from "holdfast";
import type { Identity } from "../accounts/account-directory.ts";
import type { ConnectionLog, EndReason } from "../forensic/forensic-event.ts";
import { ConnectionTimes } from "../front/connection-times.ts";
import { describeExpiry, type Expiry, type TimeLimits } from "../front/time-limits.ts";
import type { SshServerConnection } from "../ssh/connection/server-connection.ts";
import {
  type ChannelHandler,
  RefusedSession,
  type SshChannel,
} from "../ssh/connection/ssh-channel.ts";
import type {
  AuthAnswer,
  AuthAttempt,
  ConnectionEnd,
  ServerConnectionHandler,
} from "../ssh/connection/ssh-connection.ts";
import type { PublicKey } from "../ssh/keys/public-key.ts";
import { DISCONNECT } from "../ssh/ssh-error.ts";
import type { AgreedAlgorithms } from "../ssh/transport/ssh-transport.ts";
import { Session, type SessionParts } from "./session.ts";

export interface FrontConnectionInput {
  readonly clock: Clock;
  readonly ssh: SshServerConnection;
  readonly limits: TimeLimits;
  readonly log: ConnectionLog;
  /** Where the client is, as far as is known: behind a balancer, what that says. */
  readonly addr: string;
  readonly sessionParts: SessionParts;
  readonly findIdentity: (user: string, key: PublicKey) => Promise<AuthAnswer>;
  /** Why no session may begin now, or undefined; asked for each. */
  readonly refuseSession: (connection: FrontConnection) => string | undefined;
  readonly observer: FrontObserver;
}

/** Who has a share in what happens: the proxy. */
export interface FrontObserver {
  /** Keys are in force for the first time. */
  onKeys(connection: FrontConnection): void;
  onAuthenticated(connection: FrontConnection): void;
  onSessionStart(connection: FrontConnection): void;
  onSessionEnd(connection: FrontConnection): void;
  /** `end.cause` is what was thrown when it was a mistake of ours. */
  onEnd(connection: FrontConnection, reason: EndReason, end: ConnectionEnd): void;
}

export class FrontConnection implements ServerConnectionHandler {
  readonly addr: string;
  readonly startMs: number;
  readonly sessions = new Set<Session>();
  /** Those, and the ones of which the client has not confirmed the end. */
  private readonly unconfirmed = new Set<Session>();
  identity: Identity | undefined = undefined;
  /** When payload last went by; on the clock's time. */
  lastActivityMs: number;
  sessionCount = 0;
  private readonly input: FrontConnectionInput;
  private readonly times: ConnectionTimes;
  private reason: EndReason | undefined = undefined;
  private draining = false;
  private stopWaiting: () => void = () => undefined;
  private ended = false;

  constructor(input: FrontConnectionInput) {
    this.input = input;
    this.addr = input.addr;
    this.startMs = input.clock.nowMs();
    this.lastActivityMs = this.startMs;
    this.times = new ConnectionTimes({
      ...{ clock: input.clock, limits: input.limits },
      onExpire: (expiry) => this.onExpire(expiry),
      sendKeepalive: () => this.sendKeepalive(),
    });
  }

  get sessionKey(): string {
    return this.input.log.sessionKey;
  }

  get ssh(): SshServerConnection {
    return this.input.ssh;
  }

  /** Ends it, and all its sessions, with a text that the user reads. */
  endWith(reason: EndReason, text: string): void {
    if (this.ended) return;
    this.reason ??= reason;
    for (const session of [...this.sessions]) session.endWith(reason, text);
    this.input.ssh.disconnect(DISCONNECT.byApplication, text);
  }

  /**
   * Takes no more sessions, and ends when the last one has. One that has come this far and had no
   * session yet may still have its first: whoever connected before the drain is not sent away.
   */
  drain(): void {
    this.draining = true;
    if (this.sessionCount > 0) this.endWhenDrained();
    else if (this.identity !== undefined) this.waitForFirst();
  }

  onIdent(ident: string): void {
    this.times.identified();
    this.input.log.record({ event: "ident", ident });
  }

  onReceived(): void {
    this.times.received();
  }

  onKeys(algorithms: AgreedAlgorithms, first: boolean): void {
    if (!first) return;
    const { kex, hostKey, cipherIn, cipherOut, strictKex } = algorithms;
    const sinceAcceptMs = this.input.clock.nowMs() - this.startMs;
    const agreed = { kex, hostKey, cipherIn, cipherOut, strictKex };
    this.input.log.record({ event: "kex", ...agreed, sinceAcceptMs });
    this.input.observer.onKeys(this);
  }

  findIdentity(user: string, key: PublicKey): Promise<AuthAnswer> {
    return this.input.findIdentity(user, key);
  }

  onAuth(attempt: AuthAttempt): void {
    const { identity, ...rest } = attempt;
    const who =
      identity === undefined
        ? {}
        : { account: identity.account, publicKeyName: identity.publicKeyName };
    this.input.log.record({ event: "auth", ...rest, ...who });
    if (attempt.result === "unavailable") this.reason ??= "internal";
  }

  onAuthenticated(identity: Identity): void {
    this.identity = identity;
    this.times.authenticated();
    this.input.observer.onAuthenticated(this);
    if (this.draining) this.waitForFirst();
  }

  onSession(channel: SshChannel): ChannelHandler | RefusedSession {
    const refused =
      this.draining && this.sessionCount > 0 ? RESTARTING : this.input.refuseSession(this);
    if (refused !== undefined) {
      this.input.log.record({ event: "refuse", channel: channel.id, why: refused });
      return new RefusedSession(refused);
    }
    const { sessionParts: parts, ssh: connection, log } = this.input;
    const session = new Session({
      ...{ parts, channel, connection, log, identity: this.identity! },
      onPayload: () => this.onPayload(),
      onEnd: () => this.onSessionEnd(session),
      onGone: () => this.onSessionGone(session),
    });
    this.sessions.add(session);
    this.unconfirmed.add(session);
    this.sessionCount++;
    this.input.observer.onSessionStart(this);
    return session;
  }

  onClose(end: ConnectionEnd): void {
    this.ended = true;
    this.times.close();
    this.stopWaiting();
    const reason = this.reason ?? reasonOf(end);
    const { bytesIn, bytesOut } = this.input.ssh;
    this.input.log.record({
      ...{ event: "end", reason, sessions: this.sessionCount, bytesIn, bytesOut },
      ...(end.text !== "" && { text: end.text }),
      ...(this.identity !== undefined && { account: this.identity.account }),
      durationMs: this.input.clock.nowMs() - this.startMs,
    });
    this.input.observer.onEnd(this, reason, end);
  }

  private onPayload(): void {
    this.times.payload();
    this.lastActivityMs = this.input.clock.nowMs();
  }

  private onSessionEnd(session: Session): void {
    this.sessions.delete(session);
    this.input.observer.onSessionEnd(this);
  }

  private onSessionGone(session: Session): void {
    this.unconfirmed.delete(session);
    if (this.draining) this.endWhenDrained();
  }

  private waitForFirst(): void {
    this.stopWaiting = after(this.input.clock, FIRST_SESSION_MS, () => this.endWhenDrained());
  }

  /**
   * A client takes a disconnect for a failure of the command whose exit status it has just been
   * told. So it is only sent once the client has closed the last channel, and has had the time to
   * leave by itself: what is left then is a ControlMaster.
   */
  private endWhenDrained(): void {
    if (this.ended || this.unconfirmed.size > 0) return;
    this.stopWaiting();
    this.stopWaiting = after(this.input.clock, LEAVES_BY_ITSELF_MS, () => {
      this.reason ??= "drain";
      this.input.ssh.disconnect(DISCONNECT.byApplication, RESTARTING);
    });
  }

  private onExpire(expiry: Expiry): void {
    if (expiry === "keepalive") {
      this.reason ??= expiry;
      this.input.ssh.destroy();
      return;
    }
    this.endWith(expiry, describeExpiry(expiry, this.input.limits));
  }

  private sendKeepalive(): void {
    // What waits unread may be the very answer.
    if (this.input.ssh.readingPaused) this.times.received();
    else this.input.ssh.sendKeepalive();
  }
}

/** A client opens its session right after its login, one round trip later. */
const FIRST_SESSION_MS = 10_000;
/** After its last session; a client that waits for nothing more leaves within a round trip. */
const LEAVES_BY_ITSELF_MS = 1_000;

/** What a user reads whom a restart concerns. */
export const RESTARTING = "server is restarting, please retry";

function reasonOf({ kind, error }: ConnectionEnd): EndReason {
  switch (kind) {
    case "closed":
      return "done";
    case "lost":
      return "client-lost";
    case "disconnected":
      return "client-disconnected";
    case "protocol-error":
    case "internal":
      return kind;
    case "not-admitted":
      return "limit";
    case "ended":
      return error === undefined ? "auth-failed" : "protocol-error";
  }
}

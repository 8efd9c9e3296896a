/**
 * The clocks of one connection, on either leg: identification, login, inactivity, total time and
 * keepalive, as one small state machine with one timer.
 *
 * Why no timer for each limit? Every packet would move two of them. Here a packet only notes when
 * it came; the timer is set to the earliest moment at which something can be due, and when that
 * comes it looks at the notes and sets itself again. A busy connection so costs one look each
 * `keepaliveMs`. All that ever happens to a timer is that it calls `onExpire` or `sendKeepalive`:
 * nothing is torn down in here, so it may fire in any state.
 */
import type { Clock, TimerEntry } from "holdfast";
import type { Expiry, TimeLimits } from "./time-limits.ts";

export interface ConnectionTimesParts {
  readonly clock: Clock;
  readonly limits: TimeLimits;
  /** The time is up: the caller says why to the peer and closes. Once, and then nothing more. */
  readonly onExpire: (expiry: Expiry) => void;
  /** Asks the peer for a sign of life; whatever it then sends is one. */
  readonly sendKeepalive: () => void;
}

type Phase = "ident" | "login" | "live" | "closed";

/**
 * A timer that comes this late, in ms, comes to a process that was held up or stopped. What peers
 * sent in the meantime lies unread in the kernel, so it has to be read before anybody is blamed.
 */
const LATE_MS = 1_000;
/** Long enough for the event loop to read what lies there. */
const CATCH_UP_MS = 100;

/** Starts with the connection. It is its own timer entry, so a connection has no other object. */
export class ConnectionTimes implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  private readonly parts: ConnectionTimesParts;
  private phase: Phase = "ident";
  private readonly startMs: number;
  /** When the timer is set for; Infinity when it is not. */
  private armedMs = Infinity;
  private caughtUp = false;
  private payloadMs: number;
  /** When the keepalive clock began to run: the last byte, the last asking, the last resume. */
  private keepaliveSinceMs: number;
  private unanswered = 0;
  private suspended = false;

  constructor(parts: ConnectionTimesParts) {
    this.parts = parts;
    this.startMs = parts.clock.nowMs();
    this.payloadMs = this.startMs;
    this.keepaliveSinceMs = this.startMs;
    this.arm();
  }

  /** The peer said who it is: from now on only the login counts. */
  identified(): void {
    if (this.phase === "ident") this.phase = "login";
  }

  /** Somebody has logged in: inactivity and keepalive begin, the total time goes on. */
  authenticated(): void {
    if (this.phase !== "ident" && this.phase !== "login") return;
    this.phase = "live";
    this.payloadMs = this.parts.clock.nowMs();
    this.keepaliveSinceMs = this.payloadMs;
    this.arm();
  }

  /** Payload went by, in either direction. */
  payload(): void {
    this.payloadMs = this.parts.clock.nowMs();
  }

  /** The peer sent something, be it only an answer to `sendKeepalive`: it lives. */
  received(): void {
    this.keepaliveSinceMs = this.parts.clock.nowMs();
    this.unanswered = 0;
  }

  /**
   * The connection is not read from, on purpose: nothing can be heard from the peer, so nothing is
   * asked. The other limits go on, so this cannot be used to stay for ever.
   */
  suspendKeepalive(): void {
    this.suspended = true;
  }

  /** It is read from again: the peer has all its time to answer, from now on. */
  resumeKeepalive(): void {
    if (!this.suspended) return;
    this.suspended = false;
    this.received();
    if (this.phase === "live") this.arm();
  }

  /** The connection has ended. Later calls have no effect. */
  close(): void {
    this.phase = "closed";
    this.armedMs = Infinity;
    this.parts.clock.unschedule(this);
  }

  /** Called by the clock. */
  onDue(): void {
    if (this.phase === "closed") return;
    const nowMs = this.parts.clock.nowMs();
    const lateMs = nowMs - this.armedMs;
    this.armedMs = Infinity;
    if (lateMs > LATE_MS && !this.caughtUp) {
      this.caughtUp = true;
      this.armAt(nowMs + CATCH_UP_MS);
      return;
    }
    this.caughtUp = false;
    const expiry = this.expiryAt(nowMs);
    if (expiry !== undefined) {
      this.close();
      this.parts.onExpire(expiry);
      return;
    }
    if (nowMs >= this.keepaliveDueMs()) {
      this.keepaliveSinceMs = nowMs;
      this.unanswered++;
      this.parts.sendKeepalive();
    }
    this.arm();
  }

  /** The limit that is used up, the most telling one first. */
  private expiryAt(nowMs: number): Expiry | undefined {
    const { limits } = this.parts;
    const ageMs = nowMs - this.startMs;
    if (this.phase === "ident" && ageMs >= limits.identMs) return "ident-timeout";
    if (this.phase !== "live") return ageMs >= limits.loginMs ? "login-timeout" : undefined;
    if (ageMs >= limits.totalMs) return "total-time";
    const unanswered = this.unanswered >= limits.keepaliveUnansweredMax;
    // A dead peer is also an inactive one: the reason says what is known of it.
    if (unanswered && nowMs >= this.keepaliveDueMs()) return "keepalive";
    return nowMs - this.payloadMs >= limits.inactivityMs ? "inactive" : undefined;
  }

  /** Sets the timer for the earliest moment at which something can be due; it only moves nearer. */
  private arm(): void {
    if (this.phase === "closed") return;
    const dueMs = this.dueMs();
    if (dueMs < this.armedMs) this.armAt(dueMs);
  }

  private armAt(dueMs: number): void {
    this.armedMs = dueMs;
    this.parts.clock.schedule(this, dueMs);
  }

  private dueMs(): number {
    const { limits } = this.parts;
    if (this.phase === "ident") return this.startMs + Math.min(limits.identMs, limits.loginMs);
    if (this.phase === "login") return this.startMs + limits.loginMs;
    return Math.min(
      this.startMs + limits.totalMs,
      this.payloadMs + limits.inactivityMs,
      this.keepaliveDueMs(),
    );
  }

  /** When the peer is to be asked, or, when it was asked often enough, is given up. */
  private keepaliveDueMs(): number {
    if (this.suspended || this.phase !== "live") return Infinity;
    return this.keepaliveSinceMs + this.parts.limits.keepaliveMs;
  }
}

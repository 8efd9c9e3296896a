/**
 * One end of a simulated connection, as core's Socket. It calls its handler from the clock only,
 * never inside a call to it, and onClose once and last.
 */
import {
  type Clock,
  ServiceError,
  type Socket,
  type SocketHandler,
  type TimerEntry,
} from "@holdfast/core";
import { fingerprint, type Trace } from "../trace.ts";
import type { Pipe } from "./pipe.ts";

export interface SimSocketSetup {
  /** Such as `3.client`: what the trace calls it. */
  readonly id: string;
  readonly remote: string;
  readonly local: string;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Called once, when nothing will ever happen here any more. */
  readonly onGone: (socket: SimSocket) => void;
  /** Drawn when it is destroyed with nothing unread: an end, or a reset. */
  readonly resetsOnDestroy: () => boolean;
}

export class SimSocket implements Socket, TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  readonly id: string;
  readonly remote: string;
  readonly local: string;
  /** The simulated network has no TLS; its option is ignored. */
  readonly peerSubject = undefined;
  private readonly setup: SimSocketSetup;
  private outgoing: Pipe | undefined = undefined;
  private incoming: Pipe | undefined = undefined;
  private handler: SocketHandler | undefined = undefined;
  private paused = false;
  private ended = false;
  private endSent = false;
  private endReceived = false;
  private drainDue = false;
  /** Set when it is over; the handler is told from the clock. */
  private outcome: { readonly error: ServiceError | undefined } | undefined = undefined;
  private gone = false;

  constructor(setup: SimSocketSetup) {
    this.id = setup.id;
    this.remote = setup.remote;
    this.local = setup.local;
    this.setup = setup;
  }

  /** The two directions; once, before anything else. */
  join(outgoing: Pipe, incoming: Pipe): void {
    this.outgoing = outgoing;
    this.incoming = incoming;
  }

  get pendingBytes(): number {
    return this.outgoing!.pendingBytes;
  }

  /** Whether bytes may be delivered now. */
  get reading(): boolean {
    return this.handler !== undefined && !this.paused && this.outcome === undefined;
  }

  start(handler: SocketHandler): void {
    if (this.handler !== undefined) throw new Error("a socket is started once");
    this.handler = handler;
    if (this.drainDue || this.outcome !== undefined) this.tellSoon();
    this.incoming!.wake();
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended || bytes.length === 0) return true;
    return this.outgoing!.write(bytes);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.outcome === undefined) this.incoming!.wake();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.setup.trace.add(`${this.id} end`);
    this.outgoing!.end();
  }

  destroy(): void {
    if (this.outcome !== undefined) return;
    this.setup.trace.add(`${this.id} destroy`);
    // Like a kernel, which resets when bytes are thrown away unread.
    const resets = this.incoming!.hasUnread || (!this.endSent && this.setup.resetsOnDestroy());
    this.finish(undefined, resets ? "with-reset" : this.endSent ? "quietly" : "with-end");
  }

  // What follows is called by its pipes, from the clock.

  onBytes(bytes: Uint8Array): void {
    this.setup.trace.add(`${this.id} bytes ${bytes.length} ${fingerprint(bytes)}`);
    this.handler!.onBytes(bytes);
  }

  onEnd(): void {
    this.setup.trace.add(`${this.id} ended`);
    this.endReceived = true;
    this.handler!.onEnd();
    this.finishWhenBothEnded();
  }

  onReset(): void {
    if (this.outcome !== undefined) return;
    this.setup.trace.add(`${this.id} reset`);
    const message = `connection to ${this.remote} lost: reset by the peer`;
    this.finish(new ServiceError("unavailable", message), "quietly");
  }

  onPendingGone(): void {
    this.drainDue = true;
    this.tellSoon();
  }

  onEndSent(): void {
    this.endSent = true;
    this.finishWhenBothEnded();
  }

  /** Somebody sends to what is closed, or the network cut the connection. */
  answerWithReset(): void {
    this.outgoing!.sendReset();
  }

  /** The clock: time to tell the handler. */
  onDue(): void {
    if (this.outcome !== undefined) this.tellClose(this.outcome.error);
    else if (this.drainDue && this.handler !== undefined) {
      this.drainDue = false;
      if (this.pendingBytes === 0) this.handler.onDrain();
    }
  }

  private tellClose(error: ServiceError | undefined): void {
    if (!this.gone) {
      this.gone = true;
      this.setup.trace.add(`${this.id} close${error === undefined ? "" : ` ${error.code}`}`);
      this.setup.onGone(this);
    }
    this.handler?.onClose(error);
  }

  private finishWhenBothEnded(): void {
    if (this.endSent && this.endReceived) this.finish(undefined, "quietly");
  }

  private finish(
    error: ServiceError | undefined,
    how: "quietly" | "with-end" | "with-reset",
  ): void {
    if (this.outcome !== undefined) return;
    this.outcome = { error };
    this.ended = true;
    this.outgoing!.closeSender(how);
    this.incoming!.closeReceiver();
    this.tellSoon();
  }

  private tellSoon(): void {
    this.setup.clock.schedule(this, this.setup.clock.nowMs());
  }
}

/**
 * One attempt to connect: the question travels, somebody accepts or refuses, the answer travels
 * back. What is lost in a partition is asked again every second, like TCP's SYN.
 */
import { after, type Clock, type TimerEntry } from "@holdfast/core";
import type { Trace } from "../trace.ts";
import type { Link } from "./link.ts";
import type { SimSocket } from "./sim-socket.ts";

const RETRY_MS = 1000;

export interface AttemptSetup {
  readonly name: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly there: Link;
  readonly back: Link;
  readonly timeoutMs: number;
  /** Milliseconds the next message takes on a link. */
  readonly travelMs: (link: Link) => number;
  /** The other side's answer: the client's end of a new connection, or undefined, refused. */
  readonly accept: () => SimSocket | undefined;
  readonly onConnected: (socket: SimSocket) => void;
  readonly onFailed: (reason: string) => void;
}

export class ConnectAttempt implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  private readonly setup: AttemptSetup;
  private readonly stopTimeout: () => void;
  private answer: { readonly socket: SimSocket | undefined } | undefined = undefined;

  constructor(setup: AttemptSetup) {
    this.setup = setup;
    this.stopTimeout = after(setup.clock, setup.timeoutMs, () => this.onTimeout());
    setup.trace.add(`${setup.name} connect`);
    this.travel(setup.travelMs(setup.there));
  }

  onDue(): void {
    const { there, back, travelMs } = this.setup;
    const link = this.answer === undefined ? there : back;
    if (link.partitioned) this.travel(RETRY_MS);
    else if (this.answer !== undefined) this.finish(this.answer.socket);
    else {
      const socket = there.options.refuse ? undefined : this.setup.accept();
      this.answer = { socket };
      this.travel(travelMs(back));
    }
  }

  private finish(socket: SimSocket | undefined): void {
    const { trace, name } = this.setup;
    this.stopTimeout();
    trace.add(`${name} ${socket === undefined ? "refused" : "connected"}`);
    if (socket === undefined) this.setup.onFailed("nobody listens there");
    else this.setup.onConnected(socket);
  }

  private onTimeout(): void {
    const { clock, trace, name, timeoutMs } = this.setup;
    clock.unschedule(this);
    trace.add(`${name} timeout`);
    this.answer?.socket?.destroy();
    this.setup.onFailed(`no answer within ${timeoutMs} ms`);
  }

  private travel(travelMs: number): void {
    this.setup.clock.schedule(this, this.setup.clock.nowMs() + travelMs);
  }
}

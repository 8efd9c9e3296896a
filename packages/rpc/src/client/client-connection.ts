/**
 * One connection of the client: many calls at once, told apart by sequence id. What is done with
 * what comes over it stands in call-path.ts.
 */
import {
  type Clock,
  ServiceError,
  type Socket,
  type SocketHandler,
  type TimerEntry,
} from "@holdfast/core";
import type { BinaryWriter } from "@holdfast/thrift";
import { type ChunkView, FrameReader } from "../wire/frame-reader.ts";
import { emptyTtHeader } from "../wire/ttheader.ts";
import type { Sender } from "../wire/turn-writer.ts";
import { WriteWatch } from "../wire/write-watch.ts";
import type { CallPath } from "./call-path.ts";
import type { ClientOptions } from "./options.ts";
import type { Try, TryOwner } from "./client-call.ts";
import { TryTable } from "./try-table.ts";

export interface ConnectionOwner {
  /** The connection takes no new calls; it ends when those at work have. */
  onLeaving(connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
  /** The server has said its first word. */
  onHeard(): void;
  /** The try never reached the server: another connection may have it. */
  onMoved(attempt: Try): void;
}

export class ClientConnection implements SocketHandler, TimerEntry, Sender, TryOwner {
  readonly socket: Socket;
  readonly frames: FrameReader;
  readonly tries: TryTable;
  readonly header = emptyTtHeader();
  readonly owner: ConnectionOwner;
  output: BinaryWriter | undefined = undefined;
  closed = false;
  /** The server said that it goes away, or the connection is broken: no new calls. */
  leaving = false;
  /** Whether the server has ever said anything. */
  heard = false;
  /** The server understands that a call is given up. */
  hearsCancel = false;
  /** Counts the flushes. */
  turn = 0;

  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  private readonly path: CallPath;
  private readonly options: ClientOptions;
  private readonly clock: Clock;
  private readonly openedMs: number;
  private readonly writes = new WriteWatch();
  /** Since when something is owed by the server that has not sent a byte since; 0 for nothing. */
  private silentSinceMs = 0;
  private bytesSinceCheck = false;
  /** When the first call timed out after which not one byte has come; 0 for none. */
  private unansweredSinceMs = 0;
  private callsTotal = 0;
  private lateReplies = 0;

  constructor(
    socket: Socket,
    path: CallPath,
    owner: ConnectionOwner,
    options: ClientOptions,
    clock: Clock,
    chunkView: ChunkView,
  ) {
    this.socket = socket;
    this.path = path;
    this.owner = owner;
    this.options = options;
    this.clock = clock;
    this.frames = new FrameReader(options.frameMaxBytes, chunkView, options.framing);
    this.tries = new TryTable(options.callsPerConnectionMax);
    this.openedMs = clock.nowMs();
    clock.schedule(this, this.openedMs + this.checkEveryMs());
    socket.start(this);
  }

  /** Whether a call was ever sent here. */
  get used(): boolean {
    return this.callsTotal > 0;
  }

  /** Whether a call may be sent here now. */
  get hasRoom(): boolean {
    if (this.leaving || this.closed || this.tries.full) return false;
    return !this.writes.blocked || this.socket.pendingBytes <= this.options.unsentMaxBytes;
  }

  /** Takes the try up; the caller has asked `hasRoom`. */
  take(attempt: Try): void {
    this.callsTotal++;
    const { call } = attempt;
    call.peer = this.socket.remote;
    // Before the check sees it: a call that is given up in between is owed all the same.
    if (this.silentSinceMs === 0 && !call.method.definition.oneway) {
      this.silentSinceMs = Math.max(call.startMs, this.openedMs);
    }
    attempt.turn = this.turn;
    attempt.owner = this;
    this.tries.add(attempt);
  }

  onBytes(chunk: Uint8Array): void {
    if (this.closed) return;
    if (!this.heard) this.hear();
    this.bytesSinceCheck = true;
    this.unansweredSinceMs = 0;
    try {
      this.path.receive(this, chunk);
    } catch (error) {
      this.breakOff(ServiceError.from(error));
    }
  }

  private hear(): void {
    this.heard = true;
    this.owner.onHeard();
  }

  /** The server sends no more: what still waits would wait for ever. */
  onEnd(): void {
    this.breakOff(new ServiceError("unavailable", `${this.socket.remote} closed the connection`));
  }

  onDrain(): void {
    this.writes.unblock();
    this.endWhenDone();
  }

  onClose(error: ServiceError | undefined): void {
    this.leaving = true;
    this.closed = true;
    this.clock.unschedule(this);
    // First: whatever moves must not come back here.
    this.owner.onClosed(this);
    this.failAll(error?.message ?? `the connection to ${this.socket.remote} was closed`);
  }

  /** One timer per connection looks at all its times. */
  onDue(): void {
    const nowMs = this.clock.nowMs();
    const { writeTimeoutMs, silenceTimeoutMs } = this.options;
    if (this.bytesSinceCheck) this.silentSinceMs = this.tries.size > 0 ? nowMs : 0;
    this.bytesSinceCheck = false;
    if (this.writes.isStuck(this.socket.pendingBytes, nowMs, writeTimeoutMs)) {
      return this.breakOff(silence(`took no bytes for ${writeTimeoutMs} ms`, this.socket));
    }
    if (this.silentSinceMs > 0 && nowMs - this.silentSinceMs >= silenceTimeoutMs) {
      return this.breakOff(silence(`sent no bytes for ${silenceTimeoutMs} ms`, this.socket));
    }
    this.clock.schedule(this, nowMs + this.checkEveryMs());
  }

  /** The caller gave up, or its time is over: the server hears of it if it can. */
  onTryCancelled(attempt: Try, reason: ServiceError): void {
    const { sequenceId } = attempt;
    if (this.tries.take(sequenceId) === undefined) return;
    if (this.hearsCancel && !this.closed) this.path.sendCancel(this, sequenceId);
    if (reason.code === "deadline-exceeded") this.noteUnanswered();
    // Also when it was written in this very turn: other calls stand behind it, so it will leave.
    attempt.failSent(reason);
    this.endWhenDone();
  }

  /** A half-open connection takes everything and answers nothing: new calls go elsewhere. */
  private noteUnanswered(): void {
    const nowMs = this.clock.nowMs();
    if (this.unansweredSinceMs === 0) this.unansweredSinceMs = nowMs;
    if (nowMs - this.unansweredSinceMs >= this.options.unansweredTimeoutMs) this.leave();
  }

  /** No new calls; the connection ends when those at work have. */
  leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.owner.onLeaving(this);
    this.endWhenDone();
  }

  endWhenDone(): void {
    if (!this.leaving || this.closed || this.tries.size > 0 || this.output !== undefined) return;
    // A oneway call may be among what waits; the write time ends the wait.
    if (this.socket.pendingBytes > 0) return;
    this.socket.end();
    this.socket.destroy();
  }

  countLateReply(): void {
    this.lateReplies++;
  }

  /** ⑧ Sends what was written in this turn. */
  flush(): void {
    const { output } = this;
    this.output = undefined;
    this.turn++;
    if (output === undefined) return;
    const taken = this.closed || this.socket.write(output.buffer.subarray(0, output.offset));
    this.writes.wrote(output.offset);
    this.path.turn.giveBack(output, taken);
    if (!taken) this.writes.block(this.socket.pendingBytes, this.clock.nowMs());
    this.endWhenDone();
  }

  snapshot(): Record<string, unknown> {
    return {
      peer: this.socket.remote,
      framing: this.options.framing,
      openForMs: Math.round(this.clock.nowMs() - this.openedMs),
      callsInFlight: this.tries.size,
      callsTotal: this.callsTotal,
      lateReplies: this.lateReplies,
      unsentBytes: this.socket.pendingBytes,
      leaving: this.leaving,
    };
  }

  /** Fails what is at work and closes. */
  breakOff(error: ServiceError): void {
    if (this.closed) return;
    this.leave();
    this.failAll(error.message);
    this.socket.destroy();
  }

  private failAll(why: string): void {
    for (const attempt of this.tries.takeAll()) {
      attempt.scope.unlisten(attempt);
      if (this.hasLeft(attempt)) {
        attempt.fail(new ServiceError("unavailable", why, { workStarted: "maybe" }));
      } else this.owner.onMoved(attempt);
    }
  }

  /** Whether any byte of it may have reached the server. */
  private hasLeft(attempt: Try): boolean {
    return attempt.turn !== this.turn;
  }

  private checkEveryMs(): number {
    return Math.max(1, Math.min(this.options.writeTimeoutMs, this.options.silenceTimeoutMs) / 4);
  }
}

function silence(what: string, socket: Socket): ServiceError {
  return new ServiceError("unavailable", `${socket.remote} ${what}`);
}

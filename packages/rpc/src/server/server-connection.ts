/**
 * ① One connection of the server: its socket, its frames, its calls at work, its time limits.
 * What is done with the frames stands in request-path.ts.
 */
import {
  type Clock,
  ServiceError,
  type Socket,
  type SocketHandler,
  type TimerEntry,
} from "@holdfast/core";
import type { BinaryWriter } from "@holdfast/thrift";
import { FrameReader, type ChunkView } from "../wire/frame-reader.ts";
import type { Sender } from "../wire/turn-writer.ts";
import { emptyTtHeader } from "../wire/ttheader.ts";
import { WriteWatch } from "../wire/write-watch.ts";
import type { ServerOptions } from "./options.ts";
import type { RequestPath } from "./request-path.ts";
import type { ServerCall } from "./server-call.ts";

/** How long a peer may take to close its side after us. */
const LINGER_MS = 1_000;

export class ServerConnection<Handler> implements SocketHandler, TimerEntry, Sender {
  readonly socket: Socket;
  readonly frames: FrameReader;
  readonly openedMs: number;
  /** What the last TTHeader said; its names are kept from frame to frame. */
  readonly header = emptyTtHeader();
  /** Replies of this turn; undefined when there are none. */
  output: BinaryWriter | undefined = undefined;
  closed = false;
  /** No more calls come, or are wanted; the connection ends with its last reply. */
  ended = false;
  /** It knows that cancels are heard here. */
  saidHears = false;
  /** It says that it takes the word to leave in a frame of its own. */
  hearsGoAway = false;
  /** It was told to use another connection. */
  saidGoAway = false;
  /** Each reply tells it to use another connection. */
  goAwayInReplies = false;
  callsInFlight = 0;
  callsTotal = 0;
  lastByteMs: number;

  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  private readonly path: RequestPath<Handler>;
  private readonly options: ServerOptions;
  private readonly clock: Clock;
  private firstCall: ServerCall<Handler> | undefined = undefined;
  /** When the frame began that has not come whole; 0 when there is none. */
  private frameBeganMs = 0;
  private readonly writes = new WriteWatch();
  private unsentTooMuch = false;
  /** Not read from because too much is at work or unsent. */
  private paused = false;
  /** Our side is closed; the peer's is not yet. */
  private lingering = false;

  constructor(
    socket: Socket,
    path: RequestPath<Handler>,
    options: ServerOptions,
    clock: Clock,
    chunkView: ChunkView,
  ) {
    this.socket = socket;
    this.path = path;
    this.options = options;
    this.clock = clock;
    this.frames = new FrameReader(options.frameMaxBytes, chunkView);
    this.openedMs = clock.nowMs();
    this.lastByteMs = 0;
    clock.schedule(this, this.openedMs + options.firstByteTimeoutMs);
    socket.start(this);
  }

  onBytes(chunk: Uint8Array): void {
    if (this.closed) return;
    const nowMs = this.clock.nowMs();
    if (this.lastByteMs === 0) this.clock.schedule(this, nowMs + this.checkEveryMs());
    this.lastByteMs = nowMs;
    this.read(nowMs, () => this.path.receive(this, chunk, nowMs));
  }

  onEnd(): void {
    this.ended = true;
    if (this.frames.pendingBytes > 0 && !this.paused) {
      this.close(new ServiceError("protocol", "the connection ended in the middle of a frame"));
    } else this.closeWhenDone();
  }

  onDrain(): void {
    this.writes.unblock();
    this.unsentTooMuch = false;
    this.resumeWhenPossible();
    this.closeWhenDone();
  }

  onClose(): void {
    this.closed = true;
    this.clock.unschedule(this);
    const reason = new ServiceError("cancelled", "the caller closed the connection");
    for (let call = this.firstCall; call !== undefined; call = call.next) {
      call.context.scope.cancel(reason);
    }
    this.path.forget(this);
  }

  /** One timer per connection looks at all its times; it moves itself on, bytes do not move it. */
  onDue(): void {
    if (this.lingering) {
      this.socket.destroy();
      return;
    }
    const nowMs = this.clock.nowMs();
    const { options } = this;
    if (this.lastByteMs === 0) {
      return this.closeLate("no first byte", options.firstByteTimeoutMs);
    }
    if (this.writes.isStuck(this.socket.pendingBytes, nowMs, options.writeTimeoutMs)) {
      return this.closeLate("the peer took no bytes", options.writeTimeoutMs);
    }
    if (this.frameBeganMs > 0 && nowMs - this.frameBeganMs >= options.readTimeoutMs) {
      return this.closeLate("a frame did not come whole", options.readTimeoutMs);
    }
    if (this.callsInFlight === 0 && nowMs - this.lastByteMs >= options.idleTimeoutMs) {
      return this.closeLate("idle", options.idleTimeoutMs);
    }
    this.clock.schedule(this, nowMs + this.checkEveryMs());
  }

  addCall(call: ServerCall<Handler>): void {
    this.callsInFlight++;
    this.callsTotal++;
    const first = this.firstCall;
    call.next = first;
    if (first !== undefined) first.previous = call;
    this.firstCall = call;
  }

  removeCall(call: ServerCall<Handler>): void {
    this.callsInFlight--;
    const { previous, next } = call;
    if (previous === undefined) this.firstCall = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    if (this.paused) this.resumeWhenPossible();
    if (this.ended) this.closeWhenDone();
  }

  findCall(sequenceId: number): ServerCall<Handler> | undefined {
    let call = this.firstCall;
    while (call !== undefined && call.sequenceId !== sequenceId) call = call.next;
    return call;
  }

  /** Whether another call of this connection may be taken up. */
  get hasRoom(): boolean {
    if (this.callsInFlight >= this.options.callsPerConnectionMax || this.unsentTooMuch)
      return false;
    // Calls that end at once would otherwise all be answered in this one turn.
    return this.output === undefined || this.output.offset <= this.options.unsentMaxBytes;
  }

  /** ⑧ Sends what was written in this turn. */
  flush(): void {
    const { output } = this;
    this.output = undefined;
    if (output === undefined) return;
    const taken = this.closed || this.socket.write(output.buffer.subarray(0, output.offset));
    this.writes.wrote(output.offset);
    this.path.turn.giveBack(output, taken);
    if (!taken) {
      this.writes.block(this.socket.pendingBytes, this.clock.nowMs());
      if (this.socket.pendingBytes > this.options.unsentMaxBytes) {
        this.unsentTooMuch = true;
        this.pause();
      }
    }
    if (this.paused) this.resumeWhenPossible();
    if (this.ended) this.closeWhenDone();
  }

  /** Closes at once, because of `error`. */
  close(error: ServiceError): void {
    if (this.closed) return;
    this.path.refuseConnection(this, error);
    this.socket.destroy();
  }

  /** After the last reply. */
  endAfterReplies(): void {
    this.ended = true;
    this.closeWhenDone();
  }

  snapshot(): Record<string, unknown> {
    const nowMs = this.clock.nowMs();
    return {
      peer: this.socket.remote,
      peerSubject: this.socket.peerSubject,
      framing: this.frames.framing,
      caller: this.header.fromService,
      openForMs: Math.round(nowMs - this.openedMs),
      idleForMs: Math.round(nowMs - Math.max(this.lastByteMs, this.openedMs)),
      callsInFlight: this.callsInFlight,
      callsTotal: this.callsTotal,
      unsentBytes: this.socket.pendingBytes,
      unreadBytes: this.frames.pendingBytes,
      paused: this.paused,
    };
  }

  private read(nowMs: number, take: () => boolean): void {
    const framesBefore = this.frames.frameCount;
    try {
      if (!take()) this.pause();
    } catch (error) {
      this.close(ServiceError.from(error));
      return;
    }
    // What is left is a new frame when one has ended.
    const isNew = this.frameBeganMs === 0 || this.frames.frameCount > framesBefore;
    if (this.frames.pendingBytes === 0 || this.paused) this.frameBeganMs = 0;
    else if (isNew) this.frameBeganMs = nowMs;
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    // The peer cannot be late with what nobody reads.
    this.frameBeganMs = 0;
    this.socket.pause();
  }

  private resumeWhenPossible(): void {
    if (!this.paused || this.closed || !this.hasRoom) return;
    this.paused = false;
    if (this.frames.pendingBytes > 0) {
      this.read(this.clock.nowMs(), () => this.path.receivePending(this));
    }
    // What was kept may have filled the room again.
    if (!this.paused && !this.closed) this.socket.resume();
  }

  private closeWhenDone(): void {
    if (
      !this.ended ||
      this.closed ||
      this.lingering ||
      this.callsInFlight > 0 ||
      this.output !== undefined
    )
      return;
    if (this.socket.pendingBytes > 0) return;
    if (this.paused && this.frames.pendingBytes > 0) return;
    this.socket.end();
    // A peer that does not close its side is not waited for.
    this.lingering = true;
    this.clock.schedule(this, this.clock.nowMs() + LINGER_MS);
  }

  private closeLate(what: string, limitMs: number): void {
    this.close(new ServiceError("deadline-exceeded", `${what} within ${limitMs} ms`));
  }

  /** A quarter of the shortest time that matters now: a limit is exceeded by a quarter at most. */
  private checkEveryMs(): number {
    const { idleTimeoutMs, readTimeoutMs, writeTimeoutMs } = this.options;
    return Math.max(1, Math.min(idleTimeoutMs, readTimeoutMs, writeTimeoutMs) / 4);
  }
}

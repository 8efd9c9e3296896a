/**
 * One direction of one connection: what was given to it and waits, what is on the way, and when it
 * arrives. All deliveries of the simulated network happen here, from the clock, in order.
 */
import type { Clock, Random, TimerEntry } from "@holdfast/core";
import { fingerprint, type Trace } from "../trace.ts";
import type { Link } from "./link.ts";
import type { SimSocket } from "./sim-socket.ts";

/** What a real socket hands over at a time, at most. */
const DELIVERY_MAX_BYTES = 65_536;
/** Written over memory that is not its former owner's any more: who still looks sees nonsense. */
const SCRIBBLE = 0xdb;
/** A write that was not taken at once is taken this much later, at most. */
const TAKE_DELAY_MS = 1;

/** Memory that `write` kept: nobody may touch it until it is sent. */
interface Kept {
  readonly bytes: Uint8Array;
  readonly print: number;
  sentBytes: number;
}

interface Chunk {
  readonly bytes: Uint8Array;
  deliveredBytes: number;
  arriveMs: number;
}

export interface PipeWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
}

export class Pipe implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  private readonly link: Link;
  private readonly sender: SimSocket;
  private readonly receiver: SimSocket;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly trace: Trace;

  private readonly kept: Kept[] = [];
  private keptBytes = 0;
  private takeMs = 0;
  private readonly chunks: Chunk[] = [];
  private chunkBytes = 0;
  private endWanted = false;
  private endArriveMs = Infinity;
  private resetArriveMs = Infinity;
  /** When the line has sent what it was given, and when the last of it arrives. */
  private lineFreeMs = 0;
  private lastArriveMs = 0;
  private readerFreeMs = 0;
  private silent = false;
  private senderGone = false;
  private receiverGone = false;

  constructor(link: Link, sender: SimSocket, receiver: SimSocket, world: PipeWorld) {
    this.link = link;
    this.sender = sender;
    this.receiver = receiver;
    this.clock = world.clock;
    this.random = world.random;
    this.trace = world.trace;
    link.addPipe(this);
  }

  /** Bytes given and not yet taken. */
  get pendingBytes(): number {
    return this.keptBytes;
  }

  /** Whether something has arrived that the receiver has not been given. */
  get hasUnread(): boolean {
    const first = this.chunks[0];
    return first !== undefined && first.arriveMs <= this.clock.nowMs();
  }

  /** True: the bytes are copied. False: the memory stays here until it is sent. */
  write(bytes: Uint8Array): boolean {
    const { windowBytes, takenAtOnceRatio } = this.link.options;
    const fits = this.kept.length === 0 && this.chunkBytes + bytes.length <= windowBytes;
    const taken = fits && this.random.next() < takenAtOnceRatio;
    const print = fingerprint(bytes);
    this.trace.add(`${this.sender.id} write ${bytes.length} ${print}${taken ? "" : " kept"}`);
    if (taken) {
      this.send(bytes);
    } else {
      if (this.kept.length === 0) this.takeMs = this.nowPlus(TAKE_DELAY_MS);
      this.kept.push({ bytes, print, sentBytes: 0 });
      this.keptBytes += bytes.length;
    }
    this.wake();
    return taken;
  }

  /** After what is pending, the end of the stream. */
  end(): void {
    this.endWanted = true;
    if (this.kept.length === 0) this.sendEnd();
    this.wake();
  }

  /** The sender is closed: what is pending is lost, what is on the way is not. */
  closeSender(how: "quietly" | "with-end" | "with-reset"): void {
    this.senderGone = true;
    this.endWanted = false;
    while (this.kept.length > 0) this.giveUp(this.kept.shift()!);
    if (how === "with-end") this.sendEnd();
    if (how === "with-reset") this.sendReset();
    this.wakeOrRelease();
  }

  /** The receiver is closed: who still sends to it is told by a reset. */
  closeReceiver(): void {
    this.receiverGone = true;
    this.wakeOrRelease();
  }

  /** From now on nothing arrives, and nobody is told. */
  silence(): void {
    this.silent = true;
    this.wakeOrRelease();
  }

  /** The receiver's connection is reset, after what is already on the way. */
  sendReset(): void {
    this.resetArriveMs = Math.min(this.resetArriveMs, this.arrival());
    this.wakeOrRelease();
  }

  /** What arrived or stalled while the link was cut sets out again. */
  heal(): void {
    const arriveMs = this.arrival();
    for (const chunk of this.chunks) chunk.arriveMs = Math.max(chunk.arriveMs, arriveMs);
    if (this.endArriveMs !== Infinity) this.endArriveMs = Math.max(this.endArriveMs, arriveMs);
    if (this.resetArriveMs !== Infinity) {
      this.resetArriveMs = Math.max(this.resetArriveMs, arriveMs);
    }
    this.wakeOrRelease();
  }

  /** Something changed: look again when the next thing is due. */
  wake(): void {
    const dueMs = this.nextDueMs();
    if (dueMs === Infinity) this.clock.unschedule(this);
    else this.clock.schedule(this, dueMs);
  }

  onDue(): void {
    const nowMs = this.clock.nowMs();
    if (this.mayTake() && nowMs >= this.takeMs) this.take();
    if (!this.stalled) {
      if (nowMs >= this.resetArriveMs) this.arriveReset();
      else if (this.hasUnread) this.arriveBytes();
      else if (nowMs >= this.endArriveMs && this.chunks.length === 0) this.arriveEnd();
    }
    this.wakeOrRelease();
  }

  private get stalled(): boolean {
    return this.silent || this.link.partitioned;
  }

  private wakeOrRelease(): void {
    if (!(this.senderGone && this.receiverGone)) {
      this.wake();
      return;
    }
    this.clock.unschedule(this);
    this.link.removePipe(this);
  }

  private nextDueMs(): number {
    let dueMs = this.mayTake() ? this.takeMs : Infinity;
    if (this.stalled) return dueMs;
    dueMs = Math.min(dueMs, this.resetArriveMs);
    const first = this.chunks[0];
    if (this.receiverGone) return Math.min(dueMs, first?.arriveMs ?? Infinity);
    if (!this.receiver.reading) return dueMs;
    const arriveMs = first === undefined ? this.endArriveMs : first.arriveMs;
    return Math.min(dueMs, Math.max(arriveMs, this.readerFreeMs));
  }

  private mayTake(): boolean {
    return this.kept.length > 0 && this.chunkBytes < this.link.options.windowBytes;
  }

  /** Sends as much of what is kept as the window allows. */
  private take(): void {
    const { windowBytes } = this.link.options;
    for (let first = this.kept[0]; first !== undefined; first = this.kept[0]) {
      const count = Math.min(
        first.bytes.length - first.sentBytes,
        windowBytes - this.chunkBytes,
        DELIVERY_MAX_BYTES,
      );
      if (count === 0) return;
      if (first.sentBytes === 0) this.checkUntouched(first);
      this.send(first.bytes.subarray(first.sentBytes, first.sentBytes + count));
      first.sentBytes += count;
      if (first.sentBytes === first.bytes.length) this.giveUp(this.kept.shift()!);
    }
    this.sender.onPendingGone();
    if (this.endWanted) this.sendEnd();
  }

  /** The memory was ours to the end; now nobody may count on what is in it. */
  private giveUp(kept: Kept): void {
    this.checkUntouched(kept);
    this.keptBytes -= kept.bytes.length;
    kept.bytes.fill(SCRIBBLE);
  }

  private checkUntouched(kept: Kept): void {
    if (fingerprint(kept.bytes) === kept.print) return;
    throw new Error(
      `${this.sender.id}: memory was changed after write() had returned false; it was the socket's`,
    );
  }

  private send(bytes: Uint8Array): void {
    const nowMs = this.clock.nowMs();
    const sendingMs = (bytes.length / this.link.options.bytesPerSecond) * 1000;
    this.lineFreeMs = Math.max(this.lineFreeMs, nowMs) + sendingMs;
    // A copy; slice() would be none of a Buffer.
    this.chunks.push({ bytes: new Uint8Array(bytes), deliveredBytes: 0, arriveMs: this.arrival() });
    this.chunkBytes += bytes.length;
  }

  private sendEnd(): void {
    this.endArriveMs = this.arrival();
    this.sender.onEndSent();
  }

  /** When something arrives that sets out now: never before what set out earlier. */
  private arrival(): number {
    const { latencyMs, jitterMs } = this.link.options;
    const leaveMs = Math.max(this.lineFreeMs, this.clock.nowMs());
    const arriveMs = leaveMs + latencyMs + this.random.next() * jitterMs;
    this.lastArriveMs = Math.max(this.lastArriveMs, arriveMs);
    return this.lastArriveMs;
  }

  private arriveBytes(): void {
    if (this.receiverGone) {
      this.dropChunks();
      this.receiver.answerWithReset();
      return;
    }
    if (!this.receiver.reading || this.clock.nowMs() < this.readerFreeMs) return;
    if (this.random.next() < this.link.options.resetRatio) {
      this.trace.add(`${this.receiver.id} cut`);
      this.receiver.answerWithReset();
      this.arriveReset();
      return;
    }
    const bytes = this.takeArrived();
    this.readerFreeMs =
      this.clock.nowMs() + (bytes.length / this.link.options.readBytesPerSecond) * 1000;
    this.receiver.onBytes(bytes);
    // The bytes were the handler's for the length of the call.
    bytes.fill(SCRIBBLE);
  }

  private takeArrived(): Uint8Array {
    const nowMs = this.clock.nowMs();
    let arrivedBytes = 0;
    for (const chunk of this.chunks) {
      if (chunk.arriveMs > nowMs || arrivedBytes >= DELIVERY_MAX_BYTES) break;
      arrivedBytes += chunk.bytes.length - chunk.deliveredBytes;
    }
    const bytes = new Uint8Array(this.cut(Math.min(arrivedBytes, DELIVERY_MAX_BYTES)));
    for (let filled = 0; filled < bytes.length;) {
      const chunk = this.chunks[0]!;
      const from = chunk.deliveredBytes;
      const count = Math.min(chunk.bytes.length - from, bytes.length - filled);
      bytes.set(chunk.bytes.subarray(from, from + count), filled);
      chunk.deliveredBytes += count;
      if (chunk.deliveredBytes === chunk.bytes.length) this.chunks.shift();
      filled += count;
    }
    this.chunkBytes -= bytes.length;
    return bytes;
  }

  /** How many of `arrivedBytes` to deliver now: all of them, any number, or hardly any. */
  private cut(arrivedBytes: number): number {
    if (this.link.options.chunking === "whole" || arrivedBytes === 1) return arrivedBytes;
    switch (this.random.below(4)) {
      case 0:
        return 1 + this.random.below(arrivedBytes);
      case 1:
        return 1 + this.random.below(Math.min(8, arrivedBytes));
      default:
        return arrivedBytes;
    }
  }

  private arriveEnd(): void {
    if (this.receiverGone || !this.receiver.reading) return;
    this.endArriveMs = Infinity;
    this.receiver.onEnd();
  }

  private arriveReset(): void {
    this.resetArriveMs = Infinity;
    this.endArriveMs = Infinity;
    this.dropChunks();
    this.receiver.onReset();
  }

  private dropChunks(): void {
    this.chunks.length = 0;
    this.chunkBytes = 0;
  }

  private nowPlus(maxMs: number): number {
    return this.clock.nowMs() + this.random.next() * maxMs;
  }
}

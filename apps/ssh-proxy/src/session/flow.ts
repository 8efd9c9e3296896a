/**
 * One direction of a session: bytes from a channel on one connection to a channel on another.
 *
 * What it holds is bounded whatever the two do. A sender is granted what the receiver's window has
 * room for and `HOLD_MAX_BYTES` more, so what waits for the receiver's *window* is never more than
 * that. What waits for the receiver's *socket* is bounded by not reading the sender's socket until
 * the other has been drained.
 *
 * Why not only the one, or only the other? A window of `HOLD_MAX_BYTES` alone would make a clone
 * over a long line slow, for a window is what may be under way in one round trip. Not reading the
 * sender's socket whenever the receiver's window is full could stop both for ever: the message that
 * opens the window of the other direction may stand behind the data that is not read.
 */
import type { SshChannel } from "../ssh/connection/ssh-channel.ts";
import type { SshConnection } from "../ssh/connection/ssh-connection.ts";

/** Held for a receiver's window, at most. With what sockets hold it stays below 256 KiB. */
export const HOLD_MAX_BYTES = 128 * 1_024;
/** The most that a sender is ever granted: what OpenSSH grants, enough for 160 Mbit/s at 100 ms. */
export const GRANT_MAX_BYTES = 2 * 1_024 * 1_024;

/** Shorter pieces are joined with what comes behind them. */
const JOIN_MAX_BYTES = 2_048;

/** One end of a flow. */
export interface FlowEnd {
  readonly channel: SshChannel;
  readonly connection: Pick<SshConnection, "pauseReading" | "resumeReading" | "pendingBytes">;
}

/** What a flow tells the process' statistics. */
export interface FlowMeter {
  /** Bytes that were taken. */
  readonly bytes: { value: number };
  /** So many more are held; negative: fewer. */
  addBuffered(bytes: number): void;
}

interface Held {
  readonly bytes: Buffer;
  readonly stderr: boolean;
}

export class Flow {
  /** Bytes that were taken from the sender. */
  bytes = 0;
  /** The most that was held at once, with what the receiver's socket held. */
  bufferedPeakBytes = 0;
  private readonly from: FlowEnd;
  private readonly meter: FlowMeter;
  private to: FlowEnd | undefined = undefined;
  private readonly held: Held[] = [];
  private heldBytes = 0;
  private pausing = false;
  private discarding = false;
  private finishing: (() => void) | undefined = undefined;
  private closed = false;

  constructor(from: FlowEnd, meter: FlowMeter) {
    this.from = from;
    this.meter = meter;
  }

  /** Bytes that are held now. */
  get bufferedBytes(): number {
    return this.heldBytes;
  }

  /** In how many pieces that is. */
  get heldPieces(): number {
    return this.held.length;
  }

  /** From here on there is a receiver; what came before goes to it first. */
  attach(to: FlowEnd): void {
    this.to = to;
    this.pump();
  }

  onData(bytes: Buffer, stderr: boolean): void {
    if (this.closed) return;
    this.bytes += bytes.length;
    this.meter.bytes.value += bytes.length;
    const { to } = this;
    if (this.discarding) {
      this.grantMore();
    } else if (to !== undefined && this.heldBytes === 0 && mayTake(to, bytes.length)) {
      send(to.channel, bytes, stderr);
      this.notePeak();
      this.grantMore();
    } else {
      this.hold(bytes, stderr);
    }
  }

  /** The receiver may take more than before. */
  onSendable(): void {
    if (!this.closed) this.pump();
  }

  /** Calls `done` once everything that came has been passed on. */
  finish(done: () => void): void {
    this.finishing = done;
    this.pump();
  }

  /** The receiver wants no more: whatever comes is thrown away, and the sender never waits. */
  discard(): void {
    this.discarding = true;
    this.forget();
    this.pump();
  }

  /** Nothing is passed on any more. */
  close(): void {
    this.closed = true;
    this.forget();
    this.setPausing(false);
  }

  private forget(): void {
    this.held.length = 0;
    this.addHeld(-this.heldBytes);
  }

  private addHeld(bytes: number): void {
    this.heldBytes += bytes;
    this.meter.addBuffered(bytes);
  }

  private hold(bytes: Buffer, stderr: boolean): void {
    const last = this.held.at(-1);
    // Bytes that come one by one are kept together, or each would cost a hundred times its size.
    if (last?.stderr === stderr && last.bytes.length < JOIN_MAX_BYTES) {
      this.held[this.held.length - 1] = { bytes: Buffer.concat([last.bytes, bytes]), stderr };
    } else {
      this.held.push({ bytes: Buffer.from(bytes), stderr });
    }
    this.addHeld(bytes.length);
    this.notePeak();
    // Of a packet larger than the window a part goes at once: nobody would ask for it again.
    this.pump();
  }

  private pump(): void {
    const { to } = this;
    if (to === undefined || this.closed) return;
    while (this.held.length > 0) {
      const sendable = to.channel.sendableBytes;
      if (sendable === 0) break;
      const { bytes, stderr } = this.held[0]!;
      if (bytes.length <= sendable) {
        this.held.shift();
      } else {
        this.held[0] = { bytes: bytes.subarray(sendable), stderr };
      }
      const piece = bytes.subarray(0, sendable);
      this.addHeld(-piece.length);
      send(to.channel, piece, stderr);
    }
    this.pauseWhereNeeded();
    this.grantMore();
    if (this.heldBytes === 0 && this.finishing !== undefined) {
      const done = this.finishing;
      this.finishing = undefined;
      done();
    }
  }

  /** What waits though the window is open waits for the socket (or for new keys). */
  private pauseWhereNeeded(): void {
    const { to } = this;
    this.setPausing(to !== undefined && this.heldBytes > 0 && to.channel.windowBytes > 0);
  }

  private setPausing(pausing: boolean): void {
    if (pausing === this.pausing) return;
    this.pausing = pausing;
    if (pausing) this.from.connection.pauseReading();
    else this.from.connection.resumeReading();
  }

  /** In large steps: each is a message. */
  private grantMore(): void {
    const { to, from } = this;
    if (to === undefined) return;
    const room = this.discarding ? GRANT_MAX_BYTES : to.channel.windowBytes + HOLD_MAX_BYTES;
    const target = Math.min(GRANT_MAX_BYTES, room) - this.heldBytes;
    const granted = from.channel.grantedBytes;
    if (granted < target / 2) from.channel.grant(target - granted);
  }

  private notePeak(): void {
    const pending = this.to?.connection.pendingBytes ?? 0;
    this.bufferedPeakBytes = Math.max(this.bufferedPeakBytes, this.heldBytes + pending);
  }
}

function mayTake(to: FlowEnd, bytes: number): boolean {
  return to.channel.sendableBytes >= bytes;
}

function send(channel: SshChannel, bytes: Buffer, stderr: boolean): void {
  if (stderr) channel.sendStderr(bytes);
  else channel.send(bytes);
}

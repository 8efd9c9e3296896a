/**
 * Whether to leave a socket alone for a moment. Git writes a pack in pieces of 8 KiB, and OpenSSH's
 * client opens its window anew for each 24 KiB that it was sent: every one that is read as it comes
 * costs a wake-up, a read and a packet. Once data has been streaming one way for a while, a short
 * rest after a small read lets many of them come together; network cards moderate their interrupts
 * for the same reason. Data the other way ends a stream: who answers is read at once.
 */
import type { Clock } from "holdfast";

/** How long a rest is; timers make it up to a tick longer. */
export const REST_MS = 1;
/** A stream is what has brought so much without a break. */
const STREAM_BYTES = 256 * 1_024;
/** A longer pause is one. */
const BREAK_MS = 20;
/** What is faster would fill buffers and windows within a rest, and then the sender would wait. */
const BYTES_PER_MS_MAX = 128 * 1_024;
/** The rate is that of the last bytes, about so many. */
const RATE_BYTES = 4 * 1_024 * 1_024;
/** Larger reads have nothing to win. */
const READ_MAX_BYTES = 64 * 1_024;
/** With less room in the peer's window, what opens it is waited for. */
const WINDOW_MIN_BYTES = 512 * 1_024;

export class ReadPace {
  private readonly clock: Clock;
  private readonly received = new Stream();
  private readonly sent = new Stream();
  private windowBytes = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** After every read of the socket: whether to rest before the next. */
  restsAfter(readBytes: number): boolean {
    if (readBytes > READ_MAX_BYTES) return false;
    const nowMs = this.clock.nowMs();
    if (this.received.isSteady(nowMs)) return true;
    return this.windowBytes >= WINDOW_MIN_BYTES && this.sent.isSteady(nowMs);
  }

  /** Data of a channel came. */
  onReceived(bytes: number): void {
    this.sent.end();
    this.received.add(bytes, this.clock.nowMs());
  }

  /** Data of a channel was sent, after which its window has room for `windowBytes`. */
  onSent(bytes: number, windowBytes: number): void {
    this.received.end();
    this.sent.add(bytes, this.clock.nowMs());
    this.windowBytes = windowBytes;
  }
}

/** Bytes one way. */
class Stream {
  private bytes = 0;
  private startMs = 0;
  private lastMs = 0;

  add(bytes: number, nowMs: number): void {
    if (nowMs - this.lastMs > BREAK_MS) this.bytes = 0;
    if (this.bytes === 0) this.startMs = nowMs;
    this.lastMs = nowMs;
    this.bytes += bytes;
    if (this.bytes < RATE_BYTES) return;
    this.bytes /= 2;
    this.startMs = (this.startMs + nowMs) / 2;
  }

  end(): void {
    this.bytes = 0;
  }

  isSteady(nowMs: number): boolean {
    if (this.bytes < STREAM_BYTES || nowMs - this.lastMs > BREAK_MS) return false;
    return this.bytes <= BYTES_PER_MS_MAX * (nowMs - this.startMs);
  }
}

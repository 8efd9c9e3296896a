/**
 * How a breaker counts: outcomes of the last ten seconds, in buckets of 100 ms that are advanced
 * when somebody counts or looks, never by a timer.
 */
import type { Clock } from "@holdfast/core";

/** Long enough for a few calls a second to be judged, short enough to forget a bad spell. */
export const WINDOW_MS = 10_000;
/** The window slides in steps of a hundredth: what leaves at once is 1 % of it. */
export const BUCKET_MS = 100;
const BUCKETS = WINDOW_MS / BUCKET_MS;

/** What may be counted; the value is its place in a bucket. */
const PLACE = { success: 0, failure: 1, timeout: 2 } as const;
export type Counted = keyof typeof PLACE;
const PLACES = 3;
/** What a bucket of bytes holds; the first bucket that needs more makes the window a wide one. */
const BYTE_MAX = 0xff;

/**
 * Successes within less than this, one after the other, are a rush. The clock costs as much as all
 * the rest of a breaker, so that in a rush it is read for one success in eight: the others are in
 * the same moment. When a rush ends and calls come again much later, the first of them, at most
 * seven, may be counted as if they had belonged to it.
 */
const RUSH_MS = 1;
const UNREAD_MAX = 7;

export class Window {
  /**
   * Made at the first count and dropped when all is past. Bytes as long as they do, which is up to
   * 2,550 calls a second: of the few breakers with more than that, each may cost 900 bytes more.
   */
  private counts: Uint8Array | Uint32Array | undefined = undefined;
  /** Of the newest bucket: its number since the clock's zero, and its place in `counts`. */
  private newest = 0;
  private offset = 0;
  /** When the clock was read for a success, and how many may be counted before it is again. */
  private readMs = 0;
  private unread = 0;
  /** Sums over the window, as of the last call of `add` or `advance`. */
  successes = 0;
  failures = 0;
  timeouts = 0;

  addSuccess(clock: Clock): void {
    if (this.unread > 0) {
      this.unread--;
      this.addToNewest("success");
      return;
    }
    const nowMs = clock.nowMs();
    const sinceMs = nowMs - this.readMs;
    this.readMs = nowMs;
    // A clock that stands still tells nothing.
    if (sinceMs > 0 && sinceMs < RUSH_MS) this.unread = UNREAD_MAX;
    this.add(nowMs, "success");
  }

  add(nowMs: number, counted: Counted): void {
    this.advance(nowMs);
    this.addToNewest(counted);
  }

  /** Forgets what is older than ten seconds at `nowMs`. */
  advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket === this.newest) return;
    const { counts, newest } = this;
    const steps = bucket - newest;
    if (counts === undefined || steps >= BUCKETS || steps <= -BUCKETS) {
      this.clear();
      this.newest = bucket;
      return;
    }
    // A little back, by a time that was read earlier: it belongs to the newest bucket.
    if (steps < 0) return;
    for (let step = 0; step < steps; step++) this.dropOldest(counts);
    this.newest = bucket;
  }

  clear(): void {
    this.counts = undefined;
    this.offset = 0;
    this.unread = 0;
    this.successes = 0;
    this.failures = 0;
    this.timeouts = 0;
  }

  private addToNewest(counted: Counted): void {
    const counts = (this.counts ??= new Uint8Array(BUCKETS * PLACES));
    const index = this.offset + PLACE[counted];
    if (counts[index] === BYTE_MAX && counts instanceof Uint8Array) {
      this.counts = new Uint32Array(counts);
      this.counts[index]!++;
    } else counts[index]!++;
    if (counted === "success") this.successes++;
    else if (counted === "failure") this.failures++;
    else this.timeouts++;
  }

  /** The oldest bucket becomes the newest, empty. */
  private dropOldest(counts: Uint8Array | Uint32Array): void {
    const next = this.offset + PLACES;
    const offset = next === counts.length ? 0 : next;
    this.offset = offset;
    this.successes -= counts[offset + PLACE.success]!;
    this.failures -= counts[offset + PLACE.failure]!;
    this.timeouts -= counts[offset + PLACE.timeout]!;
    counts.fill(0, offset, offset + PLACES);
  }
}

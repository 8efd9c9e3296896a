/**
 * Whether an instance has done nothing but fail lately. What a failure costs is a guess at how slow
 * the instance is, and where the others are busy each of them costs more than any such guess: one
 * that fails everything at once, and so never has anything to do, would get most of the calls.
 */

/** So many calls fail without an answer between them. */
const ROW = 5;
/**
 * From the last failure on, in ms. After that it is tried with whatever calls come until the next
 * one fails, which starts the time anew: the row goes on.
 */
const LEFT_ALONE_MS = 2_000;

export class FailureRow {
  private count = 0;
  private untilMs = -Infinity;

  failed(nowMs: number): void {
    if (++this.count >= ROW) this.untilMs = nowMs + LEFT_ALONE_MS;
  }

  end(): void {
    if (this.count === 0) return;
    this.count = 0;
    this.untilMs = -Infinity;
  }

  /** Whether it is to be left alone, unless all are. */
  isLong(nowMs: number): boolean {
    return nowMs < this.untilMs;
  }
}

/**
 * What calls that are given up say of the instance that had them. Where calls are hedged, the
 * slower of two tries is given up, so every healthy instance has some of them and a stopped one has
 * nothing else; what tells the two apart is whether it answers anybody meanwhile.
 *
 * Why not simply count them in a row? A healthy instance that looks slow once gets second tries
 * more than first ones, of which most are given up after a moment: some in a row, by which it looks
 * slower still, until it gets nothing.
 */

/** Of the calls that it answers, how much the newest counts for what it usually takes. */
const NEWEST_SHARE = 1 / 16;
/** Who is given up sooner than after so many times what is usual was not late. */
const LATE_FACTOR = 1.5;

export class Silence {
  private usualMs = 0;
  private answeredMs = -Infinity;
  private inARow = 0;

  /** A call was answered, whatever it had to wait for. */
  heard(nowMs: number): void {
    this.answeredMs = nowMs;
    this.inARow = 0;
  }

  /** The instance took so long for an answer. */
  took(latencyMs: number): void {
    const { usualMs } = this;
    this.usualMs = usualMs === 0 ? latencyMs : usualMs + (latencyMs - usualMs) * NEWEST_SHARE;
  }

  /**
   * A call that the instance was given at `givenMs` is given up. How many in a row, with this one,
   * were late and saw it answer nobody; 0 when this one says nothing.
   */
  givenUp(givenMs: number, nowMs: number): number {
    const isLate = nowMs - givenMs >= this.usualMs * LATE_FACTOR;
    if (!isLate || givenMs < this.answeredMs) return 0;
    return ++this.inARow;
  }
}

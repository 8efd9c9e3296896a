/** Answers that are kept for a while; when there are too many, the oldest go. */
import type { Clock } from "holdfast";

interface Kept<Answer> {
  readonly answer: Answer;
  readonly untilMs: number;
}

export class RouteCache<Answer> {
  private readonly clock: Clock;
  private readonly keptMax: number;
  /** In the order in which they came; none is ever moved, so that the first is the oldest. */
  private readonly kept = new Map<string, Kept<Answer>>();

  constructor(clock: Clock, keptMax: number) {
    this.clock = clock;
    this.keptMax = keptMax;
  }

  get size(): number {
    return this.kept.size;
  }

  get(key: string): Answer | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined) return undefined;
    if (kept.untilMs > this.clock.nowMs()) return kept.answer;
    this.kept.delete(key);
    return undefined;
  }

  /** Keeps it for `ttlMs`; 0 keeps nothing. */
  put(key: string, answer: Answer, ttlMs: number): void {
    this.kept.delete(key);
    if (ttlMs <= 0) return;
    if (this.kept.size >= this.keptMax) {
      const [oldest] = this.kept.keys();
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    this.kept.set(key, { answer, untilMs: this.clock.nowMs() + ttlMs });
  }

  clear(): void {
    this.kept.clear();
  }
}

/**
 * What a service answered, remembered, a fixed number of answers at most: when there are too many,
 * the one that was not used for the longest time goes.
 */
import type { Clock } from "holdfast";

interface Remembered<Answer> {
  readonly answer: Answer;
  /** On the clock's `nowMs()` scale. */
  readonly atMs: number;
}

export class AnswerMemory<Answer> {
  private readonly clock: Clock;
  private readonly answersMax: number;
  /** In the order of their last use. */
  private readonly answers = new Map<string, Remembered<Answer>>();

  constructor(clock: Clock, answersMax: number) {
    this.clock = clock;
    this.answersMax = answersMax;
  }

  get size(): number {
    return this.answers.size;
  }

  /** Undefined when there is none, or it is `ageMaxMs` old or older. */
  get(key: string, ageMaxMs: number): Answer | undefined {
    const found = this.answers.get(key);
    if (found === undefined || this.clock.nowMs() - found.atMs >= ageMaxMs) return undefined;
    this.answers.delete(key);
    this.answers.set(key, found);
    return found.answer;
  }

  put(key: string, answer: Answer): void {
    this.answers.delete(key);
    if (this.answers.size >= this.answersMax) {
      const [unused] = this.answers.keys();
      if (unused !== undefined) this.answers.delete(unused);
    }
    this.answers.set(key, { answer, atMs: this.clock.nowMs() });
  }

  delete(key: string): void {
    this.answers.delete(key);
  }

  clear(): void {
    this.answers.clear();
  }
}

/**
 * Request ids: a random prefix per process and a count. The count is the id until somebody wants
 * to read it, so a call that nobody looks at pays for an increment only.
 */
import type { Random } from "../random/random.ts";

const PREFIX_LENGTH = 10;
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

export class RequestIds {
  /** 10 characters of base 36: two processes share one in 1 of 3.6 × 10^15 cases. */
  readonly prefix: string;
  private count = 0;

  constructor(random: Random) {
    let prefix = "";
    for (let index = 0; index < PREFIX_LENGTH; index++) prefix += ALPHABET[random.below(36)];
    this.prefix = prefix;
  }

  next(): number {
    return ++this.count;
  }

  format(number: number): string {
    return `${this.prefix}-${number.toString(36)}`;
  }
}

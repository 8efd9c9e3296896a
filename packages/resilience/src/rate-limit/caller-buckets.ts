/**
 * A token bucket for each caller of one method, for a bounded number of callers. Anybody can make
 * up names, so forgetting must give nothing away: only a bucket that is full again is forgotten,
 * which is the same as keeping it. While there is none, newcomers share one bucket: a flood of
 * names gets no more than a burst for each place and then one caller's share in all, and callers
 * that keep calling do not notice it. One that was quiet until its bucket was full is a newcomer
 * again; where that is too much for others to decide, `callerOf` must give names that nobody can
 * make up.
 */
import { TokenBuckets, type TokenRate } from "./token-buckets.ts";

/** Buckets that are looked at when a newcomer finds no place; the next one goes on from there. */
const LOOKED_AT = 16;
/** A longer name shares the newcomers' bucket: names come from the wire and are kept here. */
const NAME_LENGTH_MAX = 256;

export class CallerBuckets {
  readonly buckets: TokenBuckets;
  private readonly callersMax: number;
  private readonly indexes = new Map<string, number>();
  private readonly names: string[] = [];
  private hand = 0;
  private shared = 0;

  constructor(callersMax: number) {
    this.callersMax = callersMax;
    // The last one is that of all who have none.
    this.buckets = new TokenBuckets(callersMax + 1);
  }

  /** Callers that have a bucket. */
  get count(): number {
    return this.indexes.size;
  }

  /** Calls that had to use the shared bucket. */
  get sharedCalls(): number {
    return this.shared;
  }

  /** The bucket of a caller. */
  indexOf(caller: string, nowMs: number): number {
    return this.indexes.get(caller) ?? this.add(caller, nowMs);
  }

  changeRate(nowMs: number, before: TokenRate, after: TokenRate): void {
    this.buckets.changeRate(nowMs, before, after);
  }

  private add(caller: string, nowMs: number): number {
    const index = caller.length > NAME_LENGTH_MAX ? undefined : this.findPlace(nowMs);
    if (index === undefined) {
      this.shared++;
      return this.callersMax;
    }
    this.names[index] = caller;
    this.indexes.set(caller, index);
    return index;
  }

  private findPlace(nowMs: number): number | undefined {
    if (this.names.length < this.callersMax) return this.names.length;
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const index = this.hand;
      this.hand = (index + 1) % this.callersMax;
      if (!this.buckets.isFull(index, nowMs)) continue;
      this.indexes.delete(this.names[index]!);
      this.buckets.fill(index);
      return index;
    }
    return undefined;
  }
}

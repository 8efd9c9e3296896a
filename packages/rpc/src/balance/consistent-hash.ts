/**
 * Calls with the same key go to the same instance, as long as that has room: each instance stands
 * at many points of a ring, and a key belongs to the next point. When an instance comes or goes,
 * only the keys next to its points move.
 *
 * A key that everybody asks for would drown its instance; so none takes more than `boundRatio`
 * times its share of the calls at work, and what is above goes to the next instance on the ring.
 * Source: Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads".
 */
import {
  affinityKey,
  type Balancer,
  type BalancerParts,
  type Candidate,
  type Context,
  type CreateBalancer,
  type Random,
} from "@holdfast/core";
import { hashText, mix } from "./hash.ts";

export interface ConsistentHashOptions {
  /**
   * The most calls at work on an instance, as a multiple of its share, above 1, default 1.25. Lower
   * is more even and moves more calls away from where their key belongs; Infinity never moves one.
   */
  readonly boundRatio: number;
  /**
   * Points on the ring of an instance of mean weight, 1 to 10,000, default 100. More make the parts
   * of the ring more even, by the square root, and the ring larger.
   */
  readonly pointsPerInstance: number;
  /**
   * What of a call decides; default what the context has as `affinityKey`. A call without a key
   * goes anywhere.
   */
  readonly keyOf: (context: Context, call: unknown) => string | undefined;
}

export const CONSISTENT_HASH_DEFAULTS: ConsistentHashOptions = {
  boundRatio: 1.25,
  pointsPerInstance: 100,
  keyOf: (context) => context.get(affinityKey),
};

export function completeConsistentHashOptions(
  input: Partial<ConsistentHashOptions>,
): ConsistentHashOptions {
  const options = { ...CONSISTENT_HASH_DEFAULTS, ...input };
  const { boundRatio, pointsPerInstance } = options;
  if (!(boundRatio > 1)) throw new RangeError(`boundRatio is ${boundRatio}; it must be above 1`);
  if (!(pointsPerInstance >= 1 && pointsPerInstance <= 10_000)) {
    throw new RangeError(`pointsPerInstance is ${pointsPerInstance}; it must be from 1 to 10000`);
  }
  return options;
}

export function consistentHash(input: Partial<ConsistentHashOptions> = {}): CreateBalancer {
  const options = completeConsistentHashOptions(input);
  return (parts) => new ConsistentHash(parts, options);
}

class ConsistentHash<Each extends Candidate> implements Balancer<Each> {
  readonly name = "consistent hash, bounded";
  private readonly random: Random;
  private readonly options: ConsistentHashOptions;
  private candidates: readonly Each[] = [];
  private weightSum = 0;
  /** Where the points are, ascending, and whose each is, by place among the candidates. */
  private points = new Uint32Array(0);
  private owners = new Uint32Array(0);
  /** Calls that found no room where their key belongs. */
  private movedCount = 0;

  constructor({ random }: BalancerParts, options: ConsistentHashOptions) {
    this.random = random;
    this.options = options;
  }

  update(candidates: readonly Each[]): void {
    const before = this.candidates;
    this.candidates = candidates;
    this.weightSum = candidates.reduce((sum, { weight }) => sum + weight, 0);
    // Each step of a warm-up comes here, and moves no point.
    if (!sameOnRing(before, candidates)) this.layOut(candidates);
  }

  pick(context: Context, call: unknown, avoided: readonly string[]): Each | undefined {
    const { candidates, points } = this;
    if (candidates.length < 2) return candidates[0];
    const key = this.options.keyOf(context, call);
    const from =
      key === undefined || key === ""
        ? this.random.below(points.length)
        : this.firstFrom(hashText(key, KEY_SEED));
    return this.withRoom(from, avoided);
  }

  snapshot(): Readonly<Record<string, unknown>> {
    const { boundRatio } = this.options;
    return { boundRatio, points: this.points.length, moved: this.movedCount };
  }

  private layOut(candidates: readonly Each[]): void {
    const sum = candidates.reduce((total, { instance }) => total + instance.weight, 0);
    const meanWeight = sum / Math.max(1, candidates.length);
    const marks: { readonly at: number; readonly owner: number }[] = [];
    for (const [owner, { instance }] of candidates.entries()) {
      // By what the instance is to weigh and not by its share while it warms up, or its points
      // would come one by one, and with each some keys would move; the bound warms it up.
      const { pointsPerInstance } = this.options;
      const count = Math.max(1, Math.round((pointsPerInstance * instance.weight) / meanWeight));
      const seed = hashText(instance.id);
      for (let point = 0; point < Math.min(count, POINTS_MAX); point++) {
        marks.push({ at: mix(seed + Math.imul(point, 0x9e3779b9)), owner });
      }
    }
    // Of two at one point the first by id, in every process.
    const idOf = (owner: number): string => candidates[owner]!.instance.id;
    marks.sort((one, two) => one.at - two.at || (idOf(one.owner) < idOf(two.owner) ? -1 : 1));
    this.points = Uint32Array.from(marks, ({ at }) => at);
    this.owners = Uint32Array.from(marks, ({ owner }) => owner);
  }

  /** The first on the ring that has room and is not to be avoided, or else the best there is. */
  private withRoom(from: number, avoided: readonly string[]): Each {
    const { candidates, owners } = this;
    let atWork = 1;
    for (const { inFlight } of candidates) atWork += inFlight;
    const perWeight = (this.options.boundRatio * atWork) / this.weightSum;
    let full: Each | undefined;
    for (let step = 0; step < owners.length; step++) {
      const place = from + step;
      const owner = owners[place < owners.length ? place : place - owners.length]!;
      const candidate = candidates[owner]!;
      if (avoided.length > 0 && avoided.includes(candidate.instance.id)) continue;
      if (candidate.inFlight < Math.max(1, perWeight * candidate.weight)) {
        if (step > 0 && full !== undefined) this.movedCount++;
        return candidate;
      }
      full ??= candidate;
    }
    // All are full, which rounding can do; or all are to be avoided.
    return full ?? candidates[owners[from]!]!;
  }

  /** The place of the first point at or after the hash. */
  private firstFrom(hash: number): number {
    const { points } = this;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }
}

function sameOnRing(before: readonly Candidate[], now: readonly Candidate[]): boolean {
  if (before.length !== now.length) return false;
  return now.every(({ instance }, index) => {
    const { id, weight } = before[index]!.instance;
    return instance.id === id && instance.weight === weight;
  });
}

/** Keys and ids are hashed apart: a key that is an id does not belong to it. */
const KEY_SEED = 0x5bd1e995;
/** Of one instance, however much it outweighs the others. */
const POINTS_MAX = 100_000;

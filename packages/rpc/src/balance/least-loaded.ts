/**
 * Of two instances drawn at random, the one with less to do. Two are enough: the fullest of n
 * instances then has about log log n more than the others, where one drawn at random gives
 * log n / log log n; and unlike the best of all, no two callers rush to the same one. Each is drawn
 * as often as its weight says, so that one that looks best gets twice its share at most.
 *
 *   cost = what a call takes there × (calls at work ÷ its share + 1)
 *
 * Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing"; the cost is that
 * of Finagle's peak EWMA.
 */
import type {
  Balancer,
  BalancerParts,
  Candidate,
  Context,
  CreateBalancer,
  Random,
} from "@holdfast/core";
import { WeightedDraw } from "./weighted-draw.ts";

/** An instance nobody has heard of yet costs so much as soon as it has one call, in ms. */
const UNKNOWN_MS = 1e6;
/** Draws before all are looked at for one that is not to be avoided. */
const DRAWS_MAX = 8;

export function leastLoaded(): CreateBalancer {
  return (parts) => new LeastLoaded(parts);
}

class LeastLoaded<Each extends Candidate> implements Balancer<Each> {
  readonly name = "least loaded of two, peak EWMA";
  private readonly random: Random;
  private candidates: readonly Each[] = [];
  private shares = new WeightedDraw([]);

  constructor({ random }: BalancerParts) {
    this.random = random;
  }

  update(candidates: readonly Each[]): void {
    this.candidates = candidates;
    this.shares = new WeightedDraw(candidates.map(({ weight }) => weight));
  }

  pick(
    _context: Context,
    _call: unknown,
    avoided: readonly string[],
    nowMs: number,
  ): Each | undefined {
    const { candidates, shares, random } = this;
    if (candidates.length < 2) return candidates[0];
    if (avoided.length > 0) {
      const other = this.pickOther(avoided, nowMs);
      if (other !== undefined) return other;
    }
    const index = shares.draw(random);
    const one = candidates[index]!;
    return this.better(one, candidates[shares.drawOther(random, index)]!, nowMs);
  }

  snapshot(): Readonly<Record<string, unknown>> {
    return {};
  }

  /** The second only when it costs less: of equals the first, so that their shares are kept. */
  private better(one: Each, two: Each, nowMs: number): Each {
    return this.costOf(two, nowMs) < this.costOf(one, nowMs) ? two : one;
  }

  private costOf(candidate: Each, nowMs: number): number {
    const { inFlight, weight } = candidate;
    const known = candidate.latencyMs(nowMs);
    const latencyMs = known > 0 ? known : inFlight > 0 ? UNKNOWN_MS : 0;
    return latencyMs * ((inFlight * this.shares.meanWeight) / weight + 1);
  }

  /** One that is not to be avoided; undefined when there is none. */
  private pickOther(avoided: readonly string[], nowMs: number): Each | undefined {
    const one = this.drawOutside(avoided);
    if (one === undefined) return undefined;
    return this.better(one, this.drawOutside(avoided)!, nowMs);
  }

  private drawOutside(avoided: readonly string[]): Each | undefined {
    const { candidates, shares, random } = this;
    for (let draws = 0; draws < DRAWS_MAX; draws++) {
      const candidate = candidates[shares.draw(random)]!;
      if (!avoided.includes(candidate.instance.id)) return candidate;
    }
    const from = random.below(candidates.length);
    for (let step = 0; step < candidates.length; step++) {
      const candidate = candidates[(from + step) % candidates.length]!;
      if (!avoided.includes(candidate.instance.id)) return candidate;
    }
    return undefined;
  }
}

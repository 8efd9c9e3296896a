/**
 * By turns, each as often as its weight says, and the turns of one spread over the round instead of
 * one after the other: of weights 3 and 1 the order is a a b a, not a a a b.
 *
 * Each pick adds its weight to every candidate's account; the one with the most is taken and pays
 * the sum of all weights. Source: the smooth weighted round-robin of nginx.
 */
import type { Balancer, BalancerParts, Candidate, Context, CreateBalancer } from "@holdfast/core";

/**
 * Weighted round robin: exact shares, whatever the instances take. Fit for instances that are
 * alike and calls that cost the same; a pick looks at all of them.
 */
export function weightedInTurn(): CreateBalancer {
  return (parts) => new WeightedInTurn(parts);
}

class WeightedInTurn<Each extends Candidate> implements Balancer<Each> {
  readonly name = "weighted round robin";
  private readonly parts: BalancerParts;
  private candidates: readonly Each[] = [];
  /** What each is owed, by place in the list. */
  private accounts = new Float64Array(0);
  private weightSum = 0;

  constructor(parts: BalancerParts) {
    this.parts = parts;
  }

  update(candidates: readonly Each[]): void {
    const owed = new Map(
      this.candidates.map(({ instance }, index) => [instance.id, this.accounts[index]!]),
    );
    this.candidates = candidates;
    this.weightSum = candidates.reduce((sum, { weight }) => sum + weight, 0);
    const { random } = this.parts;
    // Many clients that start together must not all begin with the same one.
    this.accounts = Float64Array.from(candidates, ({ instance, weight }) => {
      const account = owed.get(instance.id) ?? (random.next() - 0.5) * weight;
      // What was owed by other weights is owed no more.
      return Math.max(-this.weightSum, Math.min(this.weightSum, account));
    });
  }

  pick(_context: Context, _call: unknown, avoided: readonly string[]): Each | undefined {
    const { candidates } = this;
    if (candidates.length < 2) return candidates[0];
    const index = this.next(avoided);
    return candidates[index >= 0 ? index : this.next(NONE)];
  }

  snapshot(): Readonly<Record<string, unknown>> {
    return {};
  }

  /** The place of the one that is owed most; -1 when all are to be avoided. */
  private next(avoided: readonly string[]): number {
    const { candidates, accounts } = this;
    let best = -1;
    let paid = 0;
    for (let index = 0; index < candidates.length; index++) {
      const { weight, instance } = candidates[index]!;
      if (avoided.length > 0 && avoided.includes(instance.id)) continue;
      accounts[index]! += weight;
      paid += weight;
      if (best < 0 || accounts[index]! > accounts[best]!) best = index;
    }
    if (best >= 0) accounts[best]! -= paid;
    return best;
  }
}

const NONE: readonly string[] = [];

/**
 * Calls stay in their own zone while it can take them: what crosses zones is slower, costs money,
 * and fails with the link between them. When its instances fail or are few, the part that it can
 * not take goes to the others, and no more than that.
 */
import type {
  Balancer,
  BalancerParts,
  Candidate,
  Context,
  CreateBalancer,
  Instance,
  Random,
} from "@holdfast/core";

export interface ZonePreferenceOptions {
  /** Where the caller stands; default `""`: unknown, which prefers nobody. */
  readonly zone: string;
  /**
   * The own zone gets all calls while the weight of its healthy instances is at least this share of
   * what a zone has on average, more than 0 to 10, default 0.7; below, in proportion less. Higher
   * spills sooner; lower asks more of those that are left.
   */
  readonly enoughRatio: number;
}

export const ZONE_PREFERENCE_DEFAULTS: ZonePreferenceOptions = { zone: "", enoughRatio: 0.7 };

export function completeZonePreferenceOptions(
  input: Partial<ZonePreferenceOptions>,
): ZonePreferenceOptions {
  const options = { ...ZONE_PREFERENCE_DEFAULTS, ...input };
  const { enoughRatio } = options;
  if (!(enoughRatio > 0 && enoughRatio <= 10)) {
    throw new RangeError(`enoughRatio is ${enoughRatio}; it must be above 0, and 10 or less`);
  }
  return options;
}

/** `inner` chooses within the zone, and one more of its kind outside of it. */
export function preferZone(
  inner: CreateBalancer,
  input: Partial<ZonePreferenceOptions>,
): CreateBalancer {
  const options = completeZonePreferenceOptions(input);
  return <Each extends Candidate>(parts: BalancerParts) => {
    const { random } = parts;
    const here = inner<Each>({ random: random.stream("own zone") });
    const elsewhere = inner<Each>({ random: random.stream("other zones") });
    return new ZonePreference(random, options, here, elsewhere);
  };
}

class ZonePreference<Each extends Candidate> implements Balancer<Each> {
  readonly name: string;
  private readonly random: Random;
  private readonly options: ZonePreferenceOptions;
  private readonly here: Balancer<Each>;
  private readonly elsewhere: Balancer<Each>;
  /** How many of the calls stay in the zone, 0 to 1. */
  private ownShare = 0;

  constructor(
    random: Random,
    options: ZonePreferenceOptions,
    here: Balancer<Each>,
    elsewhere: Balancer<Each>,
  ) {
    this.random = random;
    this.options = options;
    this.here = here;
    this.elsewhere = elsewhere;
    this.name = `${here.name}, own zone first`;
  }

  update(candidates: readonly Each[], listed: readonly Instance[]): void {
    const { zone, enoughRatio } = this.options;
    const isHere = ({ instance }: Each): boolean => zone !== "" && instance.zone === zone;
    const own = candidates.filter(isHere);
    const others = candidates.filter((each) => !isHere(each));
    this.here.update(own, listed);
    this.elsewhere.update(others, listed);
    const enough = meanZoneWeight(listed) * enoughRatio;
    const weight = own.reduce((sum, each) => sum + each.weight, 0);
    this.ownShare = others.length === 0 ? 1 : enough > 0 ? Math.min(1, weight / enough) : 0;
  }

  pick(
    context: Context,
    call: unknown,
    avoided: readonly string[],
    nowMs: number,
  ): Each | undefined {
    const { ownShare } = this;
    const stays = ownShare >= 1 || (ownShare > 0 && this.random.next() < ownShare);
    const first = stays ? this.here : this.elsewhere;
    const picked = first.pick(context, call, avoided, nowMs);
    if (picked !== undefined && !avoided.includes(picked.instance.id)) return picked;
    const second = stays ? this.elsewhere : this.here;
    const other = second.pick(context, call, avoided, nowMs);
    if (other === undefined) return picked;
    return picked === undefined || !avoided.includes(other.instance.id) ? other : picked;
  }

  snapshot(): Readonly<Record<string, unknown>> {
    const { zone } = this.options;
    const share = Number(this.ownShare.toFixed(3));
    return { zone, ownShare: share, ...this.here.snapshot() };
  }
}

/** Callers stand in all zones alike, so each zone has to take as much. */
function meanZoneWeight(listed: readonly Instance[]): number {
  const zones = new Set<string>();
  let sum = 0;
  for (const { zone, weight } of listed) {
    if (weight > 0) zones.add(zone);
    sum += weight;
  }
  return zones.size === 0 ? 0 : sum / zones.size;
}

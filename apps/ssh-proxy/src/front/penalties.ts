/**
 * Who behaved badly before logging in is refused for a while, as OpenSSH's PerSourcePenalties do
 * it: each thing adds some seconds to its source's penalty, time takes them away, and from a
 * certain height on connections are refused until the penalty is over.
 *
 * A penalty is the moment at which it will be over, so no timer is needed; every event costs the
 * same, however many sources there are.
 */
import type { Clock, Counter, StatsRegistry } from "holdfast";
import { PENALTY_KINDS, type PenaltyKind, type PenaltyOptions } from "./front-options.ts";
import type { Source } from "./source-address.ts";

/** Why a source is refused now. */
export interface PenaltyRefusal {
  /** What it was penalised for last. */
  readonly penalty: PenaltyKind;
  readonly remainingMs: number;
}

export interface PenaltiesSnapshot {
  /** Sources remembered; some of their penalties may be over. */
  readonly sources: number;
  /** Those with the longest penalties, the longest first; at most 50. */
  readonly worst: readonly {
    readonly source: string;
    readonly remainingMs: number;
    readonly refused: boolean;
    readonly penalty: PenaltyKind;
    /** How often it was penalised since it was last without a penalty. */
    readonly times: number;
  }[];
}

export interface PenaltiesParts {
  readonly clock: Clock;
  readonly options: PenaltyOptions;
  readonly stats: StatsRegistry;
}

interface Penalty {
  overMs: number;
  /** It was high enough once, and is enforced until it is over. */
  enforced: boolean;
  kind: PenaltyKind;
  times: number;
}

/** How many of the longest quiet sources are looked at when one has to be forgotten. */
const FORGET_AMONG = 8;
const WORST_MAX = 50;

export class Penalties {
  private readonly clock: Clock;
  private readonly options: PenaltyOptions;
  private readonly counts: ReadonlyMap<PenaltyKind, Counter>;
  private readonly forgotten: Counter;
  private readonly wouldRefuse: Counter;
  /** In the order of their last penalties. Two, so that whoever has 2^64 of IPv6 fills only one. */
  private readonly ipv4 = new Map<string, Penalty>();
  private readonly ipv6 = new Map<string, Penalty>();

  constructor({ clock, options, stats }: PenaltiesParts) {
    this.clock = clock;
    this.options = options;
    const counts = stats.counter({
      name: "ssh_proxy_penalties",
      help: "Penalties given to sources for what they did before logging in, by what it was",
      labels: ["kind"],
    });
    this.counts = new Map(PENALTY_KINDS.map((kind) => [kind, counts.of(kind)]));
    this.forgotten = stats
      .counter({
        name: "ssh_proxy_penalties_forgotten",
        help: "Penalties forgotten before they were over, because there were too many sources",
      })
      .of();
    this.wouldRefuse = stats
      .counter({
        name: "ssh_proxy_penalties_would_refuse",
        help: "Connections that penalties would have refused, were they on and not dark",
      })
      .of();
    stats.reading(
      "gauge",
      { name: "ssh_proxy_penalised_sources", help: "Sources whose penalties are remembered" },
      () => this.ipv4.size + this.ipv6.size,
    );
  }

  /** Adds to the penalty of a source. Exempt sources are the caller's to spare. */
  penalise(source: Source, kind: PenaltyKind): void {
    const { mode, addMs, penaltyMaxMs, enforceFromMs } = this.options;
    if (mode === "off" || addMs[kind] === 0) return;
    this.counts.get(kind)!.add();
    const nowMs = this.clock.nowMs();
    const table = this.tableOf(source);
    const found = table.get(source.key);
    const penalty =
      found !== undefined && found.overMs > nowMs
        ? found
        : { overMs: nowMs, enforced: false, kind, times: 0 };
    penalty.overMs = Math.min(penalty.overMs + addMs[kind], nowMs + penaltyMaxMs);
    penalty.enforced ||= penalty.overMs - nowMs >= enforceFromMs;
    penalty.kind = kind;
    penalty.times++;
    // The newest goes last.
    if (found === undefined) this.makeRoom(table, nowMs);
    else table.delete(source.key);
    table.set(source.key, penalty);
  }

  /** Whether a connection of this source is to be refused now, and why. */
  refusalOf(source: Source): PenaltyRefusal | undefined {
    const table = this.tableOf(source);
    const penalty = table.get(source.key);
    if (penalty === undefined) return undefined;
    const remainingMs = penalty.overMs - this.clock.nowMs();
    if (remainingMs <= 0) {
      table.delete(source.key);
      return undefined;
    }
    if (!penalty.enforced) return undefined;
    if (this.options.mode === "dark") {
      this.wouldRefuse.add();
      return undefined;
    }
    return { penalty: penalty.kind, remainingMs };
  }

  /** For `/state`: it holds addresses, which metrics must not. */
  snapshot(): PenaltiesSnapshot {
    const nowMs = this.clock.nowMs();
    const worst: [source: string, penalty: Penalty][] = [];
    for (const table of [this.ipv4, this.ipv6]) {
      for (const entry of table) {
        if (entry[1].overMs > nowMs) keepWorst(worst, entry);
      }
    }
    return {
      sources: this.ipv4.size + this.ipv6.size,
      worst: worst.map(([source, { overMs, enforced, kind, times }]) => ({
        source,
        remainingMs: Math.round(overMs - nowMs),
        refused: enforced && this.options.mode === "on",
        penalty: kind,
        times,
      })),
    };
  }

  private tableOf(source: Source): Map<string, Penalty> {
    return source.key.includes(":") ? this.ipv6 : this.ipv4;
  }

  /** Forgets what is over, and when that is not enough the mildest of those quiet for longest. */
  private makeRoom(table: Map<string, Penalty>, nowMs: number): void {
    let mildest: [source: string, penalty: Penalty] | undefined;
    let looked = 0;
    for (const entry of table) {
      if (entry[1].overMs <= nowMs) table.delete(entry[0]);
      else if (mildest === undefined || entry[1].overMs < mildest[1].overMs) mildest = entry;
      if (++looked === FORGET_AMONG) break;
    }
    if (table.size < this.options.sourcesPerFamilyMax || mildest === undefined) return;
    table.delete(mildest[0]);
    this.forgotten.add();
  }
}

/** Keeps `worst` sorted, the longest penalty first, and at most `WORST_MAX` long. */
function keepWorst(worst: [string, Penalty][], entry: [string, Penalty]): void {
  const { overMs } = entry[1];
  const last = worst.at(-1);
  if (worst.length === WORST_MAX && last![1].overMs >= overMs) return;
  let at = worst.length;
  while (at > 0 && worst[at - 1]![1].overMs < overMs) at--;
  worst.splice(at, 0, entry);
  if (worst.length > WORST_MAX) worst.pop();
}

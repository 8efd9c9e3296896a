/**
 * The live table: every breaker of a process in one place, closed ones too, for `/breakers`,
 * `holdfast top`, metrics and the log. Breakers that belong into it are made by it.
 */
import {
  type BreakerRow,
  type Clock,
  type CounterFamily,
  type GaugeFamily,
  type Logger,
  type Random,
  silentLogger,
  STATE_KIND,
  type StateRegistry,
  type StatsRegistry,
} from "@holdfast/core";
import {
  Breaker,
  type BreakerListener,
  type BreakerSite,
  type BreakerStateKind,
  type BreakerTransition,
} from "./breaker.ts";
import type { CircuitBreakerLiveOptions } from "./options.ts";

export interface BreakerTableParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Where the table shows as kind `breakers`; default nowhere. */
  readonly registry?: StateRegistry;
  /** Where the metrics are; default nowhere. */
  readonly stats?: StatsRegistry;
  /** Hears of every change of state; default nobody. */
  readonly logger?: Logger;
  /**
   * Rows, 1 or more, default 10,000. Breakers made beyond it work as well, but do not show; they
   * are counted.
   */
  readonly rowsMax?: number;
}

const DEFAULT_ROWS_MAX = 10_000;
/** A breaker has metrics of its own from its first change on: the rest would say 0 for ever. */
const LABELS = ["caller", "callee", "method", "instance"];
const STATE_VALUE: Readonly<Record<BreakerStateKind, number>> = {
  closed: 0,
  "half-open": 1,
  open: 2,
};
const STATES = Object.keys(STATE_VALUE) as readonly BreakerStateKind[];

export class BreakerTable implements BreakerListener {
  private readonly parts: BreakerTableParts;
  private readonly logger: Logger;
  private readonly rowsMax: number;
  private readonly transitions: CounterFamily | undefined;
  /** Added to and taken from, not set: a process may have several tables. */
  private readonly states: GaugeFamily | undefined;
  private readonly breakers = new Set<Breaker>();
  /** What takes the metrics of a breaker away again. */
  private readonly metrics = new Map<Breaker, (() => void)[]>();
  private readonly unregister: (() => void) | undefined;
  private unlistedCount = 0;

  constructor(parts: BreakerTableParts) {
    this.parts = parts;
    this.logger = parts.logger ?? silentLogger;
    this.rowsMax = parts.rowsMax ?? DEFAULT_ROWS_MAX;
    if (!(Number.isInteger(this.rowsMax) && this.rowsMax >= 1)) {
      throw new RangeError(`rowsMax is ${this.rowsMax}; it must be a whole number from 1`);
    }
    const { registry, stats } = parts;
    this.transitions = stats?.counter({
      name: "holdfast_breaker_transitions",
      help: "Changes of a circuit breaker's state, by the new one",
      labels: [...LABELS, "to"],
      labelSetsMax: 1_000,
    });
    this.states = stats?.gauge({
      name: "holdfast_breakers",
      help: "Circuit breakers that there are, by state",
      labels: ["state"],
    });
    for (const state of STATES) this.states?.of(state);
    const part = { name: "breakers", kind: STATE_KIND.breakers, snapshot: () => this.rows() };
    this.unregister = registry?.register(part);
  }

  /** How many breakers were made that found no row free. */
  get unlisted(): number {
    return this.unlistedCount;
  }

  /** A new breaker, closed, with a row. Whoever has no more use for it calls `remove`. */
  create(site: BreakerSite, options: CircuitBreakerLiveOptions): Breaker {
    const { clock, random } = this.parts;
    const breaker = new Breaker({ site, clock, random, options, listener: this });
    if (this.breakers.size < this.rowsMax) {
      this.breakers.add(breaker);
      this.states?.of(breaker.stateKind).add(1);
    } else this.unlistedCount++;
    return breaker;
  }

  /** Takes its row and its metrics away, for example of an instance that is gone. */
  remove(breaker: Breaker): void {
    if (!this.breakers.delete(breaker)) return;
    this.states?.of(breaker.stateKind).add(-1);
    for (const takeAway of this.metrics.get(breaker) ?? []) takeAway();
    this.metrics.delete(breaker);
    for (const to of STATES) this.transitions?.remove(...labelsOf(breaker.site), to);
  }

  /** In the order in which they were made. */
  rows(): BreakerRow[] {
    const { clock } = this.parts;
    const epochOffsetMs = clock.epochMs() - clock.nowMs();
    return Array.from(this.breakers, (breaker) => rowOf(breaker, epochOffsetMs));
  }

  /** The end of the table: it shows nowhere any more. Its breakers go on. */
  close(): void {
    this.unregister?.();
    for (const breaker of [...this.breakers]) this.remove(breaker);
  }

  onTransition(breaker: Breaker, transition: BreakerTransition): void {
    const { caller, callee, method, instance = "" } = breaker.site;
    const { from, to, why } = transition;
    const fields = { caller, callee, method, instance, from, to, why, mode: breaker.options.mode };
    if (to === "open") this.logger.warn("circuit breaker opened", fields);
    else
      this.logger.info(to === "closed" ? "circuit breaker closed" : "circuit breaker probes", {
        ...fields,
      });
    if (!this.breakers.has(breaker)) return;
    this.states?.of(from).add(-1);
    this.states?.of(to).add(1);
    this.transitions?.of(...labelsOf(breaker.site), to).add();
    if (this.parts.stats !== undefined) this.showMetrics(breaker, this.parts.stats);
  }

  private showMetrics(breaker: Breaker, stats: StatsRegistry): void {
    if (this.metrics.has(breaker)) return;
    const labels = labelsOf(breaker.site);
    const shared = { labels: LABELS, labelSetsMax: 1_000 };
    const state = {
      name: "holdfast_breaker_state",
      help: "Of each circuit breaker that has ever opened: 0 closed, 1 half-open, 2 open",
    };
    const refused = {
      name: "holdfast_breaker_refused",
      help: "Calls that a circuit breaker refused; in dark mode, would have refused",
    };
    this.metrics.set(breaker, [
      stats.reading(
        "gauge",
        { ...shared, ...state },
        () => STATE_VALUE[breaker.stateKind],
        ...labels,
      ),
      stats.reading("counter", { ...shared, ...refused }, () => breaker.refused, ...labels),
    ]);
  }
}

function labelsOf({ caller, callee, method, instance = "" }: BreakerSite): string[] {
  return [caller, callee, method, instance];
}

function rowOf(breaker: Breaker, epochOffsetMs: number): BreakerRow {
  const { caller, callee, method, instance = "" } = breaker.site;
  const { openUntilMs, lastTransition: last, ...rest } = breaker.snapshot();
  const errors = rest.failures + rest.timeouts;
  const samples = errors + rest.successes;
  const epoch = (atMs: number): number => Math.round(atMs + epochOffsetMs);
  return {
    ...{ caller, callee, method, instance, mode: breaker.options.mode },
    ...rest,
    errorRate: samples === 0 ? 0 : Number((errors / samples).toFixed(4)),
    openUntilEpochMs: openUntilMs === undefined ? null : epoch(openUntilMs),
    lastTransition:
      last === undefined
        ? null
        : { from: last.from, to: last.to, atEpochMs: epoch(last.atMs), why: last.why },
  };
}

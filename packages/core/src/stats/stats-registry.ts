/**
 * All metrics of one process (or of one simulated process): parts register theirs by name, record
 * into plain objects, and whoever renders walks over all of them.
 */
import { Counter } from "./counter.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";
import type { HistogramOptions } from "./histogram.ts";
import { MetricFamily } from "./metric-family.ts";
import type { MetricDescription, MetricKind } from "./metric-family.ts";

/** What a counter or a gauge is for those who only read it. */
export interface ReadableNumber {
  readonly value: number;
}

export type CounterFamily = MetricFamily<"counter", Counter>;
export type GaugeFamily = MetricFamily<"gauge", Gauge>;
export type HistogramFamily = MetricFamily<"histogram", Histogram>;
/** A family whose values are computed when they are read. */
export type ReadingFamily = MetricFamily<"counter" | "gauge", ReadableNumber>;
export type AnyMetricFamily = CounterFamily | GaugeFamily | HistogramFamily | ReadingFamily;

export interface HistogramDescription extends MetricDescription, HistogramOptions {
  /**
   * How many of what is recorded make one `unit`; default 1. Durations are recorded in
   * milliseconds and shown in seconds: 1000.
   */
  readonly recordedPerUnit?: number;
}

export interface StatsRegistryOptions {
  /** How many metrics may be registered, 1 or more, default 1,000; one more is a mistake. */
  readonly familiesMax?: number;
}

const DEFAULT_FAMILIES_MAX = 1_000;
const NAME = /^[a-z][a-z0-9_]*$/;
const SUFFIX_TAKEN = /_(?:total|bucket|count|sum|created)$/;
/** Rendering adds these to histograms. */
const LABEL_TAKEN = new Set(["le", "quantile"]);

export class StatsRegistry {
  private readonly familiesMax: number;
  private readonly byName = new Map<string, AnyMetricFamily>();
  private readonly refused: CounterFamily;

  constructor(options: StatsRegistryOptions = {}) {
    this.familiesMax = options.familiesMax ?? DEFAULT_FAMILIES_MAX;
    this.refused = this.counter({
      name: "holdfast_stats_label_sets_refused",
      help: "Times a label set was counted as other because the metric has too many",
      labels: ["metric"],
      // One for every metric there can be: counting what is refused must never be refused.
      labelSetsMax: this.familiesMax,
    });
  }

  /** The family of that name: registered now, or the one registered before in the same shape. */
  counter(description: MetricDescription): CounterFamily {
    return this.register("counter", description, () => new Counter());
  }

  gauge(description: MetricDescription): GaugeFamily {
    return this.register("gauge", description, () => new Gauge());
  }

  histogram(description: HistogramDescription): HistogramFamily {
    return this.register("histogram", description, () => new Histogram(description));
  }

  /**
   * A number that is computed when somebody reads it: memory, a queue's length. Several label sets
   * of one name: call it once for each. The returned function takes it away.
   */
  reading(
    kind: "counter" | "gauge",
    description: MetricDescription,
    read: () => number,
    ...labelValues: string[]
  ): () => void {
    const family: ReadingFamily = this.register<"counter" | "gauge", ReadableNumber>(
      kind,
      description,
      () => new Gauge(),
    );
    const metric = {
      get value(): number {
        return read();
      },
    };
    return family.attach(metric, ...labelValues);
  }

  /** In the order they were registered. */
  families(): Iterable<AnyMetricFamily> {
    return this.byName.values();
  }

  private register<Kind extends MetricKind, Metric>(
    kind: Kind,
    description: MetricDescription,
    create: () => Metric,
  ): MetricFamily<Kind, Metric> {
    checkDescription(description);
    const { name } = description;
    const found = this.byName.get(name);
    if (found !== undefined) {
      checkSameShape(found, kind, description);
      return found as unknown as MetricFamily<Kind, Metric>;
    }
    if (this.byName.size >= this.familiesMax) {
      throw new RangeError(
        `${name} would be metric ${this.byName.size + 1} of ${this.familiesMax}`,
      );
    }
    const onRefused = (): void => this.refused.of(name).add();
    const family = new MetricFamily(kind, description, create, onRefused);
    this.byName.set(name, family as unknown as AnyMetricFamily);
    return family;
  }
}

function checkDescription({ name, unit = "", labels = [], help }: MetricDescription): void {
  if (!NAME.test(name)) throw new RangeError(`metric name ${name} does not match ${NAME.source}`);
  if (SUFFIX_TAKEN.test(name)) throw new RangeError(`metric name ${name} ends with a taken suffix`);
  if (unit !== "" && !name.endsWith(`_${unit}`)) {
    throw new RangeError(`metric name ${name} does not end with its unit ${unit}`);
  }
  if (help === "") throw new RangeError(`metric ${name} has no help`);
  for (const label of labels) {
    if (NAME.test(label) && !LABEL_TAKEN.has(label)) continue;
    throw new RangeError(`metric ${name} cannot have a label ${label}`);
  }
}

function checkSameShape(
  found: AnyMetricFamily,
  kind: MetricKind,
  { name, unit = "", labels = [] }: MetricDescription,
): void {
  if (found.kind === kind && found.unit === unit && found.labels.join() === labels.join()) return;
  const was = `${found.kind}{${found.labels.join()}} ${found.unit}`;
  throw new RangeError(
    `metric ${name} is registered as ${was}, not ${kind}{${labels.join()}} ${unit}`,
  );
}

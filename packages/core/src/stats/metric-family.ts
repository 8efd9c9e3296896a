/**
 * One metric with all its label sets. The number of label sets is bounded: what comes from outside
 * (a method name, a caller) must not be able to grow the process.
 */
import { cutText, escapeControl } from "../log/escape.ts";

export type MetricKind = "counter" | "gauge" | "histogram";

export interface MetricDescription {
  /**
   * Lower case with underscores, such as `rpc_server_duration_seconds`: ends with the unit when
   * there is one, and without `_total`, which is added where it is shown.
   */
  readonly name: string;
  /** One sentence without a full stop. */
  readonly help: string;
  /** The unit that is shown, such as `seconds` or `bytes`; default none. */
  readonly unit?: string;
  /** Label names; default none. */
  readonly labels?: readonly string[];
  /**
   * How many label sets are told apart, 1 or more, default 200. Those that come later are counted
   * together as `other`. Each costs memory (a histogram: 4 KiB) and lines on `/metrics`.
   */
  readonly labelSetsMax?: number;
}

const DEFAULT_LABEL_SETS_MAX = 200;
/** What every label of the series says that takes in what exceeds the bound. */
export const OTHER = "other";
/** A label value from outside may be as long as a frame; nobody reads more than this. */
const LABEL_VALUE_MAX_LENGTH = 128;

export interface Series<Metric> {
  /** In the order of the family's `labels`. */
  readonly labelValues: readonly string[];
  readonly metric: Metric;
}

export class MetricFamily<Kind extends MetricKind, Metric> implements Iterable<Series<Metric>> {
  readonly kind: Kind;
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly labels: readonly string[];
  /** How many values make one of the unit shown: 1000 when ms are recorded and seconds shown. */
  readonly recordedPerUnit: number;
  private readonly labelSetsMax: number;
  private readonly create: () => Metric;
  private readonly onRefused: () => void;
  private readonly series = new Map<string, Series<Metric>>();
  private other: Series<Metric> | undefined = undefined;

  /** Use `StatsRegistry`. */
  constructor(
    kind: Kind,
    description: MetricDescription & { readonly recordedPerUnit?: number },
    create: () => Metric,
    onRefused: () => void,
  ) {
    this.kind = kind;
    this.name = description.name;
    this.help = description.help;
    this.unit = description.unit ?? "";
    this.labels = description.labels ?? [];
    this.recordedPerUnit = description.recordedPerUnit ?? 1;
    this.labelSetsMax = description.labelSetsMax ?? DEFAULT_LABEL_SETS_MAX;
    this.create = create;
    this.onRefused = onRefused;
  }

  /**
   * The metric of these label values, made when first asked for. Keep it where it is recorded:
   * this looks it up.
   */
  of(...labelValues: string[]): Metric {
    this.checkLength(labelValues);
    const clean = labelValues.map(cleanLabelValue);
    const found = this.series.get(keyOf(clean));
    if (found !== undefined) return found.metric;
    if (this.series.size >= this.labelSetsMax) return this.refuse();
    return this.put(clean, this.create());
  }

  /**
   * Shows a metric that is kept elsewhere, for example one whose `value` is computed when read.
   * Replaces one with the same label values. The returned function takes it away again.
   */
  attach(metric: Metric, ...labelValues: string[]): () => void {
    this.checkLength(labelValues);
    const clean = labelValues.map(cleanLabelValue);
    const key = keyOf(clean);
    if (!this.series.has(key) && this.series.size >= this.labelSetsMax) {
      this.onRefused();
      return () => undefined;
    }
    this.put(clean, metric);
    return () => {
      if (this.series.get(key)?.metric === metric) this.series.delete(key);
    };
  }

  /** Forgets one label set, for example of an instance that is gone. */
  remove(...labelValues: string[]): void {
    this.series.delete(keyOf(labelValues.map(cleanLabelValue)));
  }

  *[Symbol.iterator](): Iterator<Series<Metric>> {
    yield* this.series.values();
    if (this.other !== undefined) yield this.other;
  }

  private put(labelValues: readonly string[], metric: Metric): Metric {
    this.series.set(keyOf(labelValues), { labelValues, metric });
    return metric;
  }

  private refuse(): Metric {
    this.onRefused();
    this.other ??= { labelValues: this.labels.map(() => OTHER), metric: this.create() };
    return this.other.metric;
  }

  private checkLength(labelValues: readonly string[]): void {
    if (labelValues.length === this.labels.length) return;
    const given = labelValues.length;
    throw new RangeError(`${this.name} has ${this.labels.length} labels, ${given} values given`);
  }
}

/**
 * A value as it is shown. Done before it is looked up: two values that look the same are one
 * series, where two series would make a scraper refuse the whole page.
 */
function cleanLabelValue(value: string): string {
  return escapeControl(cutText(value, LABEL_VALUE_MAX_LENGTH).toWellFormed());
}

/** Lengths in front: a separator of its own could be part of a value. */
function keyOf(labelValues: readonly string[]): string {
  if (labelValues.length === 1) return labelValues[0]!;
  let key = "";
  for (const value of labelValues) key += `${value.length}:${value}`;
  return key;
}

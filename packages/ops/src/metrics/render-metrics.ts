/**
 * All metrics as text, in the two formats that scrapers ask for: Prometheus text 0.0.4, which
 * everything reads, and OpenMetrics 1.0. They differ in where a counter's `_total` stands.
 */
import type { AnyMetricFamily, Histogram, ReadableNumber, StatsRegistry } from "@holdfast/core";

export type MetricsFormat = "prometheus" | "openmetrics";

export const METRICS_CONTENT_TYPE: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * Bounds that are shown, as powers of two of ticks: 128 µs to 67 s when milliseconds are recorded.
 * A bound is exact only there, and more of them would cost a line each in every series.
 */
const BOUND_POWER_MIN = 7;
const BOUND_POWER_MAX = 26;

export function renderMetrics(stats: StatsRegistry, format: MetricsFormat): string {
  const lines: string[] = [];
  for (const family of stats.families()) lines.push(...renderFamily(family, format));
  if (format === "openmetrics") lines.push("# EOF");
  return lines.map((line) => `${line}\n`).join("");
}

function renderFamily(family: AnyMetricFamily, format: MetricsFormat): string[] {
  const samples = renderSamples(family);
  if (samples.length === 0) return [];
  const { kind, unit, help } = family;
  const plain = format === "prometheus";
  const name = plain && kind === "counter" ? `${family.name}_total` : family.name;
  const head = [`# HELP ${name} ${escapeHelp(help, plain)}`, `# TYPE ${name} ${kind}`];
  if (!plain && unit !== "") head.push(`# UNIT ${name} ${unit}`);
  return [...head, ...samples];
}

function renderSamples(family: AnyMetricFamily): string[] {
  const samples: string[] = [];
  for (const { labelValues, metric } of family) {
    const labels = family.labels.map((label, index) => `${label}="${escape(labelValues[index]!)}"`);
    if ("snapshot" in metric) samples.push(...renderHistogram(family, labels, metric));
    else samples.push(...renderNumber(family, labels, metric));
  }
  return samples;
}

function renderNumber(
  family: AnyMetricFamily,
  labels: readonly string[],
  metric: ReadableNumber,
): string[] {
  const name = family.kind === "counter" ? `${family.name}_total` : family.name;
  try {
    return [`${name}${inBraces(labels)} ${number(metric.value / family.recordedPerUnit)}`];
  } catch {
    // A value that cannot be computed now is missing now; the others are not.
    return [];
  }
}

function renderHistogram(
  { name, recordedPerUnit }: AnyMetricFamily,
  labels: readonly string[],
  histogram: Histogram,
): string[] {
  const snapshot = histogram.snapshot();
  const lines: string[] = [];
  for (let power = BOUND_POWER_MIN; power <= BOUND_POWER_MAX; power++) {
    const bound = 2 ** power / snapshot.ticksPerUnit;
    const within = inBraces([...labels, `le="${bucketBound(bound / recordedPerUnit)}"`]);
    lines.push(`${name}_bucket${within} ${snapshot.countBelow(bound)}`);
  }
  lines.push(
    `${name}_bucket${inBraces([...labels, 'le="+Inf"'])} ${snapshot.count}`,
    `${name}_sum${inBraces(labels)} ${number(snapshot.sum / recordedPerUnit)}`,
    `${name}_count${inBraces(labels)} ${snapshot.count}`,
  );
  return lines;
}

function inBraces(labels: readonly string[]): string {
  return labels.length === 0 ? "" : `{${labels.join(",")}}`;
}

function number(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/** OpenMetrics wants whole bounds written as fractions. */
function bucketBound(value: number): string {
  const text = number(value);
  return /^\d+$/.test(text) ? `${text}.0` : text;
}

function escape(labelValue: string): string {
  return labelValue.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(help: string, plain: boolean): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return plain ? escaped : escaped.replaceAll('"', '\\"');
}

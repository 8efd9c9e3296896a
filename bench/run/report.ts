// The tables, in Markdown.
import { cpuPer100k, median } from "./samples.ts";
import type { MemorySample, Samples } from "./samples.ts";

/** One table a cell: CPU for 100,000 calls first, and as a share of each reference row's. */
export function formatSamples(
  all: readonly Samples[],
  side: "server" | "client",
  references: readonly string[],
): string {
  const cells = [...new Set(all.map(({ cell }) => cell))];
  return cells
    .map((cell) =>
      formatCellTable(
        cell,
        all.filter((samples) => samples.cell === cell),
        side,
        references,
      ),
    )
    .join("\n");
}

function formatCellTable(
  cell: string,
  rows: readonly Samples[],
  side: "server" | "client",
  references: readonly string[],
): string {
  const base = references.map((name) => {
    const reference = rows.find((samples) => samples.row === name);
    return reference === undefined ? Number.NaN : median(cpuPer100k(reference, side));
  });
  const lines = rows.map((samples) => formatRow(samples, side, base));
  const titles = [
    side,
    `${side} CPU s/100k, median (min-max)`,
    ...references.map((name) => `of ${name}`),
    "calls/s",
    "p50 µs",
    "p99 µs",
    side === "server" ? "RSS MB" : "",
    "errors",
  ].filter((title) => title !== "");
  return [`### ${side} ${cell}`, "", ...table(titles, lines), ""].join("\n");
}

function formatRow(samples: Samples, side: "server" | "client", base: readonly number[]): string[] {
  const { results, failures } = samples;
  if (results.length === 0) return [samples.row, `FAILED: ${oneLine(failures[0] ?? "?")}`];
  const cpu = cpuPer100k(samples, side);
  const middle = median(cpu);
  const rssKib = results.map(({ serverRssKib }) => serverRssKib ?? Number.NaN);
  const errors = results.reduce((sum, result) => sum + result.errors, 0);
  const failed = failures.length > 0 ? ` + ${failures.length} failed repeats` : "";
  return [
    samples.row,
    `${significant(middle)} (${significant(Math.min(...cpu))}-${significant(Math.max(...cpu))})`,
    ...base.map((reference) => significant(middle / reference)),
    thousands(median(results.map(({ rps }) => rps))),
    thousands(median(results.map(({ p50Us }) => p50Us))),
    thousands(median(results.map(({ p99Us }) => p99Us))),
    ...(side === "server" ? [thousands(median(rssKib) / 1024)] : []),
    `${errors}${failed}`,
  ];
}

export function formatMemory(samples: readonly MemorySample[]): string {
  const mb = (kib: number): string => significant(kib / 1024);
  const lines = samples.map((sample) => [
    sample.row,
    significant((sample.openKib - sample.baseKib) / sample.connections),
    mb(sample.baseKib),
    mb(sample.openKib),
    mb(sample.closedKib),
    mb(sample.reopenedKib),
  ]);
  const titles = [
    "server",
    "KiB per connection",
    "before MB",
    "open MB",
    "closed MB",
    "opened again MB",
  ];
  const count = samples[0]?.connections ?? 0;
  return [
    `### memory of ${thousands(count)} idle connections`,
    "",
    ...table(titles, lines),
    "",
  ].join("\n");
}

export function table(titles: readonly string[], rows: readonly string[][]): string[] {
  const line = (words: readonly string[]): string => `| ${words.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)];
}

/** Three significant digits, no exponent; "-" for what was not measured. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return String(Number(value.toPrecision(3)));
}

export function thousands(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "-";
}

/** The line of a complaint that says most, fit for a table. */
export function oneLine(text: string): string {
  const lines = text.split("\n");
  const telling = lines.find((line) => /^\w*(Error|panic)\b/.test(line)) ?? lines.join(" ");
  return telling.replaceAll(/\s+/g, " ").replaceAll("|", "/").slice(0, 160);
}

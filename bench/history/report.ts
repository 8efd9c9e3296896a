// The tables of the feed-history run, in Markdown.
import { oneLine, significant, table, thousands } from "../run/report.ts";
import { cpuPer100k, median } from "../run/samples.ts";
import type { Samples } from "../run/samples.ts";

/** The rows whose calls per CPU second the others are compared with. */
const REFERENCES = ["redis-scores", "redis-everysec", "redis-always"];

export interface StoredSample {
  row: string;
  durable: string;
  items: number;
  diskBytes: number | undefined;
  loadSeconds: number;
}

export function formatStored(samples: readonly StoredSample[]): string {
  const lines = samples.map(({ row, durable, items, diskBytes, loadSeconds }) => [
    row,
    durable,
    significant((diskBytes ?? Number.NaN) / items),
    significant((diskBytes ?? Number.NaN) / 1e6),
    significant(loadSeconds),
  ]);
  const titles = ["store", "a set is durable", "bytes on disk per item", "MB", "loaded in s"];
  return ["### stored", "", ...table(titles, lines), ""].join("\n");
}

/** One table a cell; "of" is the ratio of the calls that a CPU second of the server answers. */
export function formatHistory(title: string, rows: readonly Samples[]): string {
  const perCpuSecond = (samples: Samples | undefined): number =>
    samples === undefined ? Number.NaN : 100_000 / median(cpuPer100k(samples, "server"));
  const references = REFERENCES.map((name) => perCpuSecond(rows.find(({ row }) => row === name)));
  const lines = rows.map((samples) => {
    const { results, failures, row } = samples;
    if (results.length === 0) return [row, `FAILED: ${oneLine(failures[0] ?? "?")}`];
    const cpu = cpuPer100k(samples, "server");
    const range = `${significant(Math.min(...cpu))}-${significant(Math.max(...cpu))}`;
    const rps = results.map((result) => result.rps);
    const errors = results.reduce((sum, result) => sum + result.errors, 0);
    const behindMs = Math.max(...results.map((result) => result.behindMs ?? 0));
    return [
      row,
      `${thousands(median(rps))} (${thousands(Math.min(...rps))}-${thousands(Math.max(...rps))})`,
      `${significant(median(cpu))} (${range})`,
      thousands(perCpuSecond(samples)),
      ...references.map((reference) => significant(perCpuSecond(samples) / reference)),
      thousands(median(results.map(({ p50Us }) => p50Us))),
      thousands(median(results.map(({ p99Us }) => p99Us))),
      thousands(median(results.map(({ p999Us }) => p999Us ?? Number.NaN))),
      thousands(median(results.map(({ serverRssKib }) => serverRssKib ?? Number.NaN)) / 1024),
      [
        `${errors}`,
        failures.length > 0 ? ` + ${failures.length} failed repeats` : "",
        behindMs > BEHIND_MAX_MS ? `, ${Math.round(behindMs)} ms behind` : "",
      ].join(""),
    ];
  });
  const titles = [
    "store",
    "calls/s, median (min-max)",
    "server CPU s/100k, median (min-max)",
    "calls per server CPU s",
    ...REFERENCES.map((name) => `of ${name}`),
    "p50 µs",
    "p99 µs",
    "p99.9 µs",
    "RSS MB",
    "errors",
  ];
  return [`### ${title}`, "", ...table(titles, lines), ""].join("\n");
}

/** An open loop that is later than this with its calls does not keep up. */
const BEHIND_MAX_MS = 100;

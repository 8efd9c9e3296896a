/** What every process can say about itself, under the names that dashboards know. */
import type { StatsRegistry } from "@holdfast/core";

export interface ProcessStatsOptions {
  readonly stats: StatsRegistry;
  readonly version: string;
  /** When the process started, in milliseconds since the Unix epoch. */
  readonly startEpochMs: number;
}

export function registerProcessStats({ stats, version, startEpochMs }: ProcessStatsOptions): void {
  const build = { name: "holdfast_build_info", help: "Always 1; the labels say what runs" };
  stats
    .gauge({ ...build, labels: ["version", "node"] })
    .of(version, process.version)
    .set(1);
  stats.reading(
    "gauge",
    {
      name: "process_start_time_seconds",
      help: "When the process started, since the Unix epoch",
      unit: "seconds",
    },
    () => startEpochMs / 1_000,
  );
  stats.reading(
    "counter",
    { name: "process_cpu_seconds", help: "CPU time, user and system", unit: "seconds" },
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  );
  stats.reading(
    "gauge",
    { name: "process_resident_memory_bytes", help: "Resident memory", unit: "bytes" },
    () => process.memoryUsage.rss(),
  );
  stats.reading(
    "gauge",
    { name: "nodejs_heap_used_bytes", help: "Used part of the JavaScript heap", unit: "bytes" },
    () => process.memoryUsage().heapUsed,
  );
  stats.reading(
    "gauge",
    { name: "nodejs_external_memory_bytes", help: "Buffers outside the heap", unit: "bytes" },
    () => process.memoryUsage().external,
  );
}

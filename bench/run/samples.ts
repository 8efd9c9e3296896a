// What a run measured: for each cell and row, one result a repeat, or why there is none.
import type { LoadResult } from "./load-result.ts";

export interface Samples {
  /** As `formatCell` writes it. */
  cell: string;
  row: string;
  results: LoadResult[];
  /** What went wrong, once a failed repeat. */
  failures: string[];
}

/** One memory measurement; sizes are the server's resident memory. */
export interface MemorySample {
  row: string;
  connections: number;
  baseKib: number;
  openKib: number;
  closedKib: number;
  reopenedKib: number;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** CPU seconds for 100,000 calls, of the server or of the client, in each repeat. */
export function cpuPer100k(samples: Samples, side: "server" | "client"): number[] {
  return samples.results.map((result) => {
    const cpu = side === "server" ? result.serverCpuSeconds : result.clientCpuSeconds;
    return ((cpu ?? Number.NaN) / result.calls) * 100_000;
  });
}

/** What the metrics say of the instances of a service that a client calls. */
import type { StatsRegistry } from "@holdfast/core";

export interface InstanceCounts {
  readonly listed: number;
  /** Left out because they fail. */
  readonly ejected: number;
  readonly unreachable: number;
  /** Since the source last confirmed the list; -1 before the first. */
  readonly listAgeMs: number;
  /** Calls that were given to another instance unsent. */
  readonly moves: number;
}

/** The returned function takes them away. */
export function showInstanceStats(
  stats: StatsRegistry,
  service: string,
  counts: () => InstanceCounts,
): () => void {
  const labels = ["service"];
  const instances = {
    name: "holdfast_client_instances",
    help: "Instances of a service that is called: listed; of those ejected and unreachable",
    labels: [...labels, "state"],
  };
  const age = {
    name: "holdfast_client_list_age_seconds",
    help: "Since the list of instances was last confirmed; -1 before the first",
    unit: "seconds",
    labels,
  };
  const moves = {
    name: "holdfast_client_moves",
    help: "Calls that one instance did not take and another one was given",
    labels,
  };
  const ageSeconds = (): number => {
    const { listAgeMs } = counts();
    return listAgeMs < 0 ? -1 : listAgeMs / 1_000;
  };
  const endings = [
    stats.reading("gauge", instances, () => counts().listed, service, "listed"),
    stats.reading("gauge", instances, () => counts().ejected, service, "ejected"),
    stats.reading("gauge", instances, () => counts().unreachable, service, "unreachable"),
    stats.reading("gauge", age, ageSeconds, service),
    stats.reading("counter", moves, () => counts().moves, service),
  ];
  return () => {
    for (const end of endings) end();
  };
}

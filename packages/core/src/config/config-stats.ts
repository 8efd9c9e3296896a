/** Live configuration in metrics: how old it is, and how often it changed or was refused. */
import type { CounterFamily, StatsRegistry } from "../stats/stats-registry.ts";
import type { SourceState } from "./config-view.ts";

export interface CountedSource {
  readonly name: string;
  readonly state: () => SourceState;
}

export class ConfigStats {
  private readonly revisions: CounterFamily;

  constructor(stats: StatsRegistry, sources: readonly CountedSource[]) {
    const labels = ["source"];
    this.revisions = stats.counter({
      name: "holdfast_config_revisions",
      help: "Revisions that changed a rule, and that were refused",
      labels: [...labels, "outcome"],
    });
    for (const { name, state } of sources) {
      const age = {
        name: "holdfast_config_age_seconds",
        help: "Since the source last confirmed what it has; NaN before the first time",
        unit: "seconds",
        labels,
      };
      stats.reading("gauge", age, () => (state().ageMs ?? NaN) / 1_000, name);
      const stale = {
        name: "holdfast_config_stale",
        help: "1 while the source does not answer, so that its rules may be out of date",
        labels,
      };
      stats.reading("gauge", stale, () => (state().stale === undefined ? 0 : 1), name);
      for (const outcome of ["accepted", "refused"]) this.revisions.of(name, outcome);
    }
  }

  revision(source: string, outcome: "accepted" | "refused"): void {
    this.revisions.of(source, outcome).add();
  }
}

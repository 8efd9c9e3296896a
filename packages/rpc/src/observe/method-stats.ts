/** What is counted about one method, on either side: calls at work, outcomes, time taken. */
import {
  type Counter,
  type Gauge,
  type Histogram,
  OUTCOMES,
  type StatsRegistry,
} from "@holdfast/core";

export type Side = "server" | "client";

export class MethodStats {
  readonly inFlight: Gauge;
  readonly durationMs: Histogram;
  private readonly outcomes: readonly Counter[];

  constructor(registry: StatsRegistry, side: Side, service: string, method: string) {
    const labels = ["service", "method"];
    this.inFlight = registry
      .gauge({ name: `holdfast_${side}_calls_in_flight`, help: IN_FLIGHT_HELP[side], labels })
      .of(service, method);
    this.durationMs = registry
      .histogram({
        name: `holdfast_${side}_call_duration_seconds`,
        help: DURATION_HELP[side],
        unit: "seconds",
        labels,
        recordedPerUnit: 1000,
      })
      .of(service, method);
    const family = registry.counter({
      name: `holdfast_${side}_calls`,
      help: "Calls that ended, by outcome: ok, exception (declared in the IDL) or the error's code",
      labels: [...labels, "outcome"],
    });
    this.outcomes = OUTCOMES.map((outcome) => family.of(service, method, outcome));
  }

  begin(): void {
    this.inFlight.value++;
  }

  end(outcome: number, durationMs: number): void {
    this.inFlight.value--;
    this.outcomes[outcome]!.value++;
    this.durationMs.record(durationMs);
  }
}

const IN_FLIGHT_HELP: Record<Side, string> = {
  server: "Calls that have come and are not answered yet",
  client: "Calls that were made and have not ended yet",
};

const DURATION_HELP: Record<Side, string> = {
  server: "From the arrival of the call's bytes to its answer",
  client: "From the call to its answer, all tries included",
};

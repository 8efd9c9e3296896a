/**
 * Plays scenarios in a thread of its own and judges them there: node:test watches every promise of
 * its own thread, which makes a run take twice as long.
 */
import { parentPort } from "node:worker_threads";
import {
  checkAmplification,
  checkLatency,
  checkRetriesAfterDeath,
  checkRolledUnnoticed,
  checkSettledOnce,
  checkSuccess,
} from "./fleet-checks.ts";
import { CALM, DIES, FLEET_SCENARIOS, runFleet } from "./fleet-scenarios.ts";
import type { FleetShape } from "./fleet.ts";

export interface FleetJob {
  /** Its name. */
  readonly scenario: string;
  readonly seed: number;
  readonly shape: FleetShape;
}

export interface FleetOutcome {
  /** Of everything that happened. */
  readonly digest: string;
  readonly calls: number;
  /** Calls that each instance was asked to do. */
  readonly served: readonly number[];
}

export type FleetReply = FleetOutcome | { readonly failure: string };

const port = parentPort!;
port.on("message", (job: FleetJob) => {
  play(job).then(
    (outcome) => port.postMessage(outcome),
    (error: unknown) => port.postMessage({ failure: String(error) }),
  );
});

async function play({ scenario: name, seed, shape }: FleetJob): Promise<FleetOutcome> {
  const scenario = [CALM, ...FLEET_SCENARIOS].find((each) => each.name === name)!;
  const run = await runFleet(scenario, seed, shape);
  checkSettledOnce(run);
  checkSuccess(run);
  checkAmplification(run);
  checkLatency(run);
  if (scenario.happensTo === "all") checkRolledUnnoticed(run);
  if (scenario === DIES) checkRetriesAfterDeath(run);
  return { digest: run.digest, calls: run.calls.length, served: run.served };
}

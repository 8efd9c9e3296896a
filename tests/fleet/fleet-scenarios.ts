/** What can happen to a fleet, one scenario after the other, each from a seed. */
import { checkNothingLeft } from "@holdfast/sim";
import { sleep } from "holdfast";
import type { LoggedCall } from "./call-log.ts";
import { FIRST_PORT, Fleet, type FleetInstance, type FleetShape } from "./fleet.ts";

/** Connections are made, and hedges know how long calls take. */
export const WARM_MS = 3_000;
/** Until then is seen what is normal; soon afterwards it happens. */
const EVENT_MS = 6_000;
/** Everything is back to normal so long after it happened. */
export const RECOVERY_MS = 2_000;
const AFTERWARDS_MS = 4_000;
/** At work on the instance that it happens to. */
const BUSY_CALLS = 3;
/** Where those listen that take over from one at FIRST_PORT. */
const MOVED_PORT = FIRST_PORT + 1;

export interface FleetRun {
  readonly seed: number;
  readonly calls: readonly LoggedCall[];
  /** When servers that drain refused calls. */
  readonly refusedMs: readonly number[];
  /** When it began to happen. */
  readonly eventMs: number;
  /** When it had happened: to all of them, where it is all. */
  readonly overMs: number;
  /** The end of the load. */
  readonly endMs: number;
  /** The instance that it happens to, by its id; where it is all, some instance. */
  readonly victim: string;
  /** Clients that have it among theirs, or all of them. */
  readonly concerned: ReadonlySet<number>;
  /** Calls that each instance was asked to do, of those that ran at the end. */
  readonly served: readonly number[];
  readonly digest: string;
}

export interface FleetScenario {
  readonly name: string;
  readonly happensTo: "one" | "all";
  /** `victim`: an instance with calls at work. */
  readonly play: (fleet: Fleet, victim: FleetInstance) => Promise<void> | void;
}

export const CALM: FleetScenario = {
  name: "nothing happens",
  happensTo: "all",
  play: () => undefined,
};

export const DIES: FleetScenario = {
  name: "one instance dies at once",
  happensTo: "one",
  play: (fleet, victim) => fleet.kill(victim),
};

export const FLEET_SCENARIOS: readonly FleetScenario[] = [
  DIES,
  {
    name: "one instance is stopped",
    happensTo: "one",
    play: (_fleet, victim) => victim.network.stop(),
  },
  {
    name: "200 ms are added to one instance",
    happensTo: "one",
    play: (_fleet, victim) => {
      victim.addedMs = 200;
    },
  },
  {
    name: "one instance answers errors",
    happensTo: "one",
    play: (_fleet, victim) => {
      victim.failing = true;
    },
  },
  {
    name: "all are rolled in place",
    happensTo: "all",
    play: (fleet) => rollAll(fleet, rollInPlace),
  },
  {
    name: "all are rolled to other addresses",
    happensTo: "all",
    play: (fleet) => rollAll(fleet, rollElsewhere),
  },
];

/** Throws when anything is left at the end. */
export async function runFleet(
  scenario: FleetScenario,
  seed: number,
  shape: FleetShape,
): Promise<FleetRun> {
  const fleet = new Fleet(seed, shape);
  const { world, log } = fleet;
  const { clock } = world;
  await fleet.start();
  await world.run(EVENT_MS - clock.nowMs());
  const victim = await busyInstance(fleet);
  const eventMs = clock.nowMs();
  const concerned = scenario.happensTo === "all" ? fleet.allClients() : fleet.clientsOf(victim);
  await world.finish(Promise.resolve(scenario.play(fleet, victim)), 120_000);
  const overMs = clock.nowMs();
  await world.run(RECOVERY_MS + AFTERWARDS_MS);
  const endMs = clock.nowMs();
  await fleet.endLoad();
  await fleet.close();
  checkNothingLeft(world);
  return {
    ...{ seed, eventMs, overMs, endMs, concerned },
    calls: log.calls,
    refusedMs: log.refusedMs,
    victim: victim.listed.id,
    served: fleet.instances.map(({ served }) => served),
    digest: world.trace.digest(),
  };
}

/** The first one that has several calls at work at once. */
async function busyInstance({ world, instances }: Fleet): Promise<FleetInstance> {
  const find = () => instances.find(({ atWork }) => atWork >= BUSY_CALLS);
  if (!(await world.clock.runUntil(() => find() !== undefined, 60_000))) {
    throw new Error(`no instance ever has ${BUSY_CALLS} calls at work`);
  }
  return find()!;
}

async function rollAll(
  fleet: Fleet,
  roll: (fleet: Fleet, place: number) => Promise<void>,
): Promise<void> {
  const { clock } = fleet.world;
  for (let place = 0; place < fleet.instances.length; place++) {
    const nextMs = clock.nowMs() + fleet.shape.rollEveryMs;
    // One after the other is what rolling means.
    // oxlint-disable-next-line no-await-in-loop
    await roll(fleet, place);
    // oxlint-disable-next-line no-await-in-loop
    await sleep(clock, Math.max(0, nextMs - clock.nowMs()));
  }
}

/** The successor listens at the same address before the old process drains. */
async function rollInPlace(fleet: Fleet, place: number): Promise<void> {
  const old = fleet.instances[place]!;
  fleet.instances[place] = await fleet.startInstance(old.host, FIRST_PORT);
  await old.drainAndStop();
}

/** The successor has another address; the list changes before the old process drains. */
async function rollElsewhere(fleet: Fleet, place: number): Promise<void> {
  const old = fleet.instances[place]!;
  fleet.instances[place] = await fleet.startInstance(old.host, MOVED_PORT);
  fleet.announce();
  await old.drainAndStop();
}

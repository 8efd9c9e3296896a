/**
 * One run of a client against several instances that come and go, are listed or not, and are hard
 * to reach, all from one seed.
 */
import { after, createContext, instanceAt, type Random, StaticResolver } from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { consistentHash } from "../balance/consistent-hash.ts";
import { leastLoaded } from "../balance/least-loaded.ts";
import { weightedInTurn } from "../balance/weighted-in-turn.ts";
import { type ClientHandle, createClient } from "../client/client.ts";
import { createServer, type Server } from "../server/server.ts";
import { Probe, type ProbeClient, type ProbeHandler } from "./gen/probe.ts";
import { HeldProbe } from "./held-probe.ts";
import { SettleChecks } from "./settle-checks.ts";
import type { SettleRunResult } from "./settle-run.ts";
import { simulatedPlace, type TestPlace } from "./test-place.ts";
import { ONE_TRY } from "./one-try.ts";

const RUN_MS = 3_000;
const PORT = 9090;
const CALL_TIMEOUT_MS = 400;
const AFTERWARDS_MS = 5_000;
const HOSTS = ["one", "two", "three", "four"];
/** Listed now and then, and nobody is there. */
const NOBODY = "nobody";
const BALANCERS = [leastLoaded(), weightedInTurn(), consistentHash({ pointsPerInstance: 10 })];

interface Setup {
  readonly world: World;
  readonly place: TestPlace;
  readonly checks: SettleChecks;
  readonly random: Random;
  readonly resolver: StaticResolver;
  /** Those that run; a restart leaves a gap. */
  readonly servers: Map<string, Server<ProbeHandler>>;
}

/** Throws, with the seed, when a call does not keep its promises or something is left. */
export async function settleInstancesRun(seed: number): Promise<SettleRunResult> {
  const world = createWorld(seed);
  const setup: Setup = {
    world,
    place: simulatedPlace(world),
    checks: new SettleChecks(world),
    random: world.random.stream("run"),
    resolver: new StaticResolver(world.clock),
    servers: new Map(),
  };
  try {
    return await play(setup);
  } catch (error) {
    const last = world.trace.lines().slice(-30).join("\n  ");
    throw new Error(`seed ${seed}; the last lines:\n  ${last}`, { cause: error });
  }
}

async function play(setup: Setup): Promise<SettleRunResult> {
  const { world, place, checks, random, servers } = setup;
  for (const host of HOSTS) {
    // oxlint-disable-next-line no-await-in-loop
    await startServer(setup, host);
  }
  const client = startClient(setup);
  const stops = [
    repeat(setup, "callers", 40, (draw) => makeCalls(setup, client, draw)),
    repeat(setup, "faults", 200, (draw) => makeFault(setup, draw)),
    repeat(setup, "lists", 300, (draw) => makeList(setup, draw)),
    repeat(setup, "restarts", 400, (draw) => void restart(setup, draw)),
  ];
  await world.run(RUN_MS);
  for (const stop of stops) stop();
  for (const host of HOSTS) calm(setup, host);
  if (random.below(2) === 0) client.leave();
  await world.run(random.below(300));
  client.close();
  // A restart that is under way ends by itself.
  await world.run(1_500);
  await place.finish(Promise.all([...servers.values()].map((server) => server.stop())));
  await world.run(AFTERWARDS_MS);
  const succeeded = checks.check();
  const left = await place.left();
  if (left.length > 0) throw new Error(`left at the end:\n  ${left.join("\n  ")}`);
  return { calls: checks.calls.length, succeeded, digest: world.trace.digest() };
}

function startClient({ place, checks, random, resolver }: Setup): ClientHandle<ProbeClient> {
  return createClient({
    policies: ONE_TRY,
    definition: Probe,
    resolver,
    balancer: BALANCERS[random.below(BALANCERS.length)]!,
    balance: {
      warmUpMs: 500,
      latencyDecayMs: 500,
      breaker: { consecutiveErrors: 3, consecutiveErrorsMs: 50, openMinMs: 100, openMaxMs: 400 },
    },
    runtime: place.runtime("client"),
    options: {
      connectionsMax: 1 + random.below(3),
      callsPerConnectionMax: random.below(2) === 0 ? 4 : 4_096,
      callTimeoutMs: CALL_TIMEOUT_MS,
      dialTimeoutMs: 200,
      writeTimeoutMs: 500,
      silenceTimeoutMs: 600,
      unansweredTimeoutMs: 200,
      backoffMinMs: 10,
      backoffMaxMs: 100,
    },
    filters: (defaults) => [
      ...defaults,
      { role: "once", why: "last, to count every settling", filter: checks.onceFilter },
    ],
  });
}

async function startServer(setup: Setup, host: string): Promise<void> {
  const { world, place, checks, random } = setup;
  const handler = new HeldProbe();
  handler.onHeld = (call) => {
    checks.sight(call.key).seen++;
    const draw = random.below(10);
    if (draw === 0) call.fail(new Error("no luck"));
    else if (draw < 6) call.answer(`${call.key} done`);
    else after(world.clock, random.next() * 600, () => call.answer(`${call.key} done`));
  };
  const runtime = place.runtime(host);
  const options = { callTimeoutMs: 1_000, concurrency: { callsMax: 8, queueMax: 8 } };
  const server = createServer({ definition: Probe, handler, runtime, options });
  await server.listen({ kind: "tcp", host, port: PORT }, { reusePort: true });
  setup.servers.set(host, server);
}

async function restart(setup: Setup, random: Random): Promise<void> {
  const { world, servers } = setup;
  const host = HOSTS[random.below(HOSTS.length)]!;
  const old = servers.get(host);
  if (old === undefined) return;
  servers.delete(host);
  if (random.below(2) === 0) {
    await old.drain(createContext({ clock: world.clock }).withTimeout(300));
  }
  await old.stop();
  after(world.clock, random.next() * 300, () => void startServer(setup, host));
}

function makeCalls(setup: Setup, client: ClientHandle<ProbeClient>, random: Random): void {
  for (let burst = random.below(5); burst >= 0; burst--) {
    setup.checks.call(client.calls, CALL_TIMEOUT_MS);
  }
  if (random.below(4) === 0) setup.checks.cancelOne();
}

/** Any part of the hosts, in any order, with any weights. */
function makeList({ resolver }: Setup, random: Random): void {
  if (random.below(6) === 0) {
    resolver.setStale(random.below(2) === 0 ? "lost" : undefined);
    return;
  }
  const listed = [...HOSTS, NOBODY].filter(() => random.below(3) > 0);
  resolver.set(
    "Probe",
    listed.map((host) =>
      instanceAt({ kind: "tcp", host, port: PORT }, { id: host, weight: random.below(4) }),
    ),
  );
}

function makeFault(setup: Setup, random: Random): void {
  const { network } = setup.world;
  const host = HOSTS[random.below(HOSTS.length)]!;
  const [up, down] = [network.link("client", host), network.link(host, "client")];
  const draw = random.below(10);
  if (draw === 0) network.reset("client", host);
  else if (draw === 1) network.vanish("client", host);
  else if (draw === 2) network.partition("client", host);
  else if (draw === 3) up.change({ refuse: true });
  else if (draw === 4) down.change({ resetRatio: 0.02 });
  else if (draw === 5) up.change({ windowBytes: 1 + random.below(400) });
  else calm(setup, host);
}

function calm({ world: { network } }: Setup, host: string): void {
  network.heal("client", host);
  network.link("client", host).change({ refuse: false, windowBytes: 262_144 });
  network.link(host, "client").change({ resetRatio: 0 });
}

/** Does it at random moments, up to `mostMs` apart; the returned function ends it. */
function repeat(
  { world }: Setup,
  name: string,
  mostMs: number,
  act: (random: Random) => void,
): () => void {
  const random = world.random.stream(name);
  let stopped = false;
  const again = (): void => {
    if (stopped) return;
    act(random);
    after(world.clock, random.next() * mostMs, again);
  };
  again();
  return () => {
    stopped = true;
  };
}

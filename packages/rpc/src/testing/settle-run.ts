/** One run of a client against servers and a network that misbehave, all from one seed. */
import { after, createContext, type Random } from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { type ClientHandle, createClient } from "../client/client.ts";
import type { ClientOptions } from "../client/options.ts";
import { createServer, type Server } from "../server/server.ts";
import { Probe, type ProbeClient, type ProbeHandler } from "./gen/probe.ts";
import { HeldProbe } from "./held-probe.ts";
import { MischiefServer } from "./mischief-server.ts";
import { SettleChecks } from "./settle-checks.ts";
import { simulatedPlace, type TestPlace } from "./test-place.ts";
import { WIRE_FORMS, type WireForm } from "./wire-form.ts";
import { ONE_TRY } from "./one-try.ts";

export interface SettleRunResult {
  readonly calls: number;
  readonly succeeded: number;
  /** The hash of everything that happened. */
  readonly digest: string;
}

const RUN_MS = 3_000;
const PORT = 9090;
const CALL_TIMEOUT_MS = 400;
/** Until everything that was cut, stalled or silent has been given up. */
const AFTERWARDS_MS = 5_000;

/** What a run is made of; all of it drawn from the seed. */
interface Setup {
  readonly world: World;
  readonly place: TestPlace;
  readonly checks: SettleChecks;
  readonly form: WireForm;
  readonly random: Random;
}

/** Throws, with the seed, when a call does not keep its promises or something is left. */
export async function settleRun(
  seed: number,
  kind: "mischief" | "drains",
): Promise<SettleRunResult> {
  const world = createWorld(seed);
  const setup: Setup = {
    world,
    place: simulatedPlace(world),
    checks: new SettleChecks(world),
    random: world.random.stream("run"),
    form: WIRE_FORMS[world.random.stream("form").below(WIRE_FORMS.length)]!,
  };
  try {
    return await play(setup, kind);
  } catch (error) {
    const last = world.trace.lines().slice(-30).join("\n  ");
    throw new Error(`seed ${seed}, ${setup.form.name}; the last lines:\n  ${last}`, {
      cause: error,
    });
  }
}

async function play(setup: Setup, kind: "mischief" | "drains"): Promise<SettleRunResult> {
  const { world, place, checks } = setup;
  const stop = kind === "mischief" ? await startMischief(setup) : await startDraining(setup);
  const port = kind === "mischief" ? 20_000 : PORT;
  const client = startClient(setup, port);
  const calling = startCalling(setup, client);
  const faults = startFaults(setup);
  await world.run(RUN_MS);
  calling();
  faults();
  if (setup.random.below(2) === 0) client.leave();
  await world.run(setup.random.below(300));
  client.close();
  await stop();
  world.network.heal("client", "server");
  await world.run(AFTERWARDS_MS);
  const succeeded = checks.check();
  const left = await place.left();
  if (left.length > 0) throw new Error(`left at the end:\n  ${left.join("\n  ")}`);
  return { calls: checks.calls.length, succeeded, digest: world.trace.digest() };
}

function startClient(setup: Setup, port: number): ClientHandle<ProbeClient> {
  const { place, checks, form, random } = setup;
  const options: Partial<ClientOptions> = {
    framing: form.framing,
    protocol: form.protocol,
    connectionsMax: 1 + random.below(3),
    callsPerConnectionMax: random.below(2) === 0 ? 4 : 4_096,
    callTimeoutMs: CALL_TIMEOUT_MS,
    dialTimeoutMs: 200,
    writeTimeoutMs: 500,
    silenceTimeoutMs: 600,
    backoffMinMs: 10,
    backoffMaxMs: 100,
  };
  return createClient({
    policies: ONE_TRY,
    definition: Probe,
    address: { kind: "tcp", host: "server", port },
    runtime: place.runtime("client"),
    options,
    filters: (defaults) => [
      ...defaults,
      { role: "once", why: "last, to count every settling", filter: checks.onceFilter },
    ],
  });
}

async function startMischief(setup: Setup): Promise<() => Promise<void>> {
  const { world, place, form, checks } = setup;
  const server = new MischiefServer(world, place, form, checks);
  await server.raw.listen();
  return () => server.stop();
}

/** Two real servers on one port, one of which is always being drained and started anew. */
async function startDraining(setup: Setup): Promise<() => Promise<void>> {
  const { world, place, random } = setup;
  const servers = [await startServer(setup), await startServer(setup)];
  let stopped = false;
  const restart = async (): Promise<void> => {
    const index = random.below(servers.length);
    const old = servers[index]!;
    servers[index] = await startServer(setup);
    await old.drain(createContext({ clock: world.clock }).withTimeout(300));
    await old.stop();
    if (!stopped) next();
  };
  const next = (): void => {
    after(world.clock, random.next() * 400, () => {
      if (!stopped) void restart();
    });
  };
  next();
  return async () => {
    stopped = true;
    // A restart that is under way ends by itself.
    await world.run(1_000);
    await place.finish(Promise.all(servers.map((server) => server.stop())));
  };
}

async function startServer(setup: Setup): Promise<Server<ProbeHandler>> {
  const { world, place, checks, random } = setup;
  const handler = new HeldProbe();
  handler.onHeld = (call) => {
    checks.sight(call.key).seen++;
    const draw = random.below(10);
    if (draw === 0) call.fail(new Error("no luck"));
    else if (draw < 6) call.answer(`${call.key} done`);
    else after(world.clock, random.next() * 600, () => call.answer(`${call.key} done`));
  };
  const runtime = place.runtime("server");
  const options = { callTimeoutMs: 1_000, concurrency: { callsMax: 8, queueMax: 8 } };
  const server = createServer({ definition: Probe, handler, runtime, options });
  await server.listen({ kind: "tcp", host: "server", port: PORT }, { reusePort: true });
  return server;
}

/** Calls and cancels at random moments, in bursts; the returned function ends it. */
function startCalling(setup: Setup, client: ClientHandle<ProbeClient>): () => void {
  const { world, checks } = setup;
  const random = world.random.stream("callers");
  let stopped = false;
  const act = (): void => {
    if (stopped) return;
    for (let burst = random.below(5); burst >= 0; burst--) {
      checks.call(client.calls, CALL_TIMEOUT_MS);
    }
    if (random.below(4) === 0) checks.cancelOne();
    after(world.clock, random.next() * 40, act);
  };
  act();
  return () => {
    stopped = true;
  };
}

/** Faults of the network at random moments; the returned function ends them. */
function startFaults(setup: Setup): () => void {
  const { world } = setup;
  const random = world.random.stream("faults");
  const { network } = world;
  const [up, down] = [network.link("client", "server"), network.link("server", "client")];
  let stopped = false;
  const act = (): void => {
    if (stopped) return;
    const draw = random.below(10);
    if (draw === 0) network.reset("client", "server");
    else if (draw === 1) network.vanish("client", "server");
    else if (draw === 2) network.partition("client", "server");
    else if (draw === 3) up.change({ refuse: true });
    else if (draw === 4) down.change({ resetRatio: 0.02 });
    else if (draw === 5) up.change({ windowBytes: 1 + random.below(400) });
    else if (draw === 6) down.change({ readBytesPerSecond: 2_000 });
    else calm();
    after(world.clock, random.next() * 200, act);
  };
  const calm = (): void => {
    network.heal("client", "server");
    up.change({ refuse: false, windowBytes: 262_144 });
    down.change({ resetRatio: 0, readBytesPerSecond: Infinity });
  };
  after(world.clock, random.next() * 200, act);
  return () => {
    stopped = true;
    calm();
  };
}

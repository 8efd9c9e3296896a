/** Several servers of one service in a simulated world, and a client that balances over them. */
import {
  after,
  bracketFilter,
  type Context,
  createContext,
  type Filter,
  type Instance,
  instanceAt,
  ServiceError,
  StaticResolver,
} from "@holdfast/core";
import type { World } from "@holdfast/sim";
import { type AtInstances, type ClientHandle, createClient } from "../client/client.ts";
import type { ClientOptions } from "../client/options.ts";
import type { Observers } from "../observe/observers.ts";
import type { ServerCall } from "../server/server-call.ts";
import { createServer, type Server } from "../server/server.ts";
import { Probe, type ProbeClient, type ProbeHandler } from "./gen/probe.ts";
import { HeldProbe } from "./held-probe.ts";
import { simulatedPlace, type TestPlace } from "./test-place.ts";
import { ONE_TRY } from "./one-try.ts";

const PORT = 9090;
const WATCHING: ReadonlySet<string> = new Set(["record", "stats", "deadline"]);

export interface FleetMember {
  readonly name: string;
  readonly instance: Instance;
  readonly handler: HeldProbe;
  server: Server<ProbeHandler>;
  /** Milliseconds until it answers; Infinity for never. */
  delayMs: number;
}

/** How the calls of a while ended. */
export interface Tally {
  calls: number;
  succeeded: number;
  readonly errors: ServiceError[];
}

export class Fleet {
  readonly world: World;
  readonly place: TestPlace;
  readonly resolver: StaticResolver;
  readonly members = new Map<string, FleetMember>();
  private readonly clients: ClientHandle<ProbeClient>[] = [];
  private callCount = 0;

  constructor(world: World) {
    this.world = world;
    this.place = simulatedPlace(world);
    this.resolver = new StaticResolver(world.clock);
  }

  /** Starts a server on the host `name`; it is not listed yet. */
  async start(name: string, more: Partial<Instance> = {}): Promise<FleetMember> {
    const handler = new HeldProbe();
    const address = { kind: "tcp", host: name, port: PORT } as const;
    const server = await this.serve(name, handler);
    const instance = instanceAt(address, { id: name, ...more });
    const member: FleetMember = { name, instance, handler, server, delayMs: 1 };
    handler.onHeld = (call) => {
      const answer = (): void => call.answer(name);
      if (member.delayMs !== Infinity) after(this.world.clock, member.delayMs, answer);
    };
    this.members.set(name, member);
    return member;
  }

  /** A new server where the one of that name was. */
  async restart(name: string): Promise<void> {
    const member = this.member(name);
    member.server = await this.serve(name, member.handler);
  }

  /** A server instead that refuses every call as if it drained; how many there were. */
  async refuseAll(name: string): Promise<() => number> {
    const member = this.member(name);
    await this.place.finish(member.server.stop());
    let count = 0;
    const refuse = bracketFilter<ServerCall<ProbeHandler>, unknown>({
      enter() {
        count++;
        throw new ServiceError("draining", "going away", { workStarted: "no" });
      },
    });
    member.server = await this.serve(name, member.handler, refuse);
    return () => count;
  }

  /** Its successor listens before the old one drains, as in a rolling restart. */
  async roll(name: string): Promise<void> {
    const old = this.member(name).server;
    await this.restart(name);
    const { clock } = this.world;
    await this.place.finish(old.drain(createContext({ clock }).withTimeout(10_000)));
    await this.place.finish(old.stop());
  }

  /** Starts and lists them. */
  async startAll(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      // One after the other, so that each run is the same.
      // oxlint-disable-next-line no-await-in-loop
      await this.start(name);
    }
    this.list(...names);
  }

  list(...names: readonly string[]): void {
    this.resolver.set(
      "Probe",
      names.map((name) => this.member(name).instance),
    );
  }

  member(name: string): FleetMember {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`no server was started on ${name}`);
    return member;
  }

  /** As the process is seen when it is killed: its connections are reset, new ones refused. */
  async kill(name: string): Promise<void> {
    this.world.network.reset("client", name);
    await this.place.finish(this.member(name).server.stop());
  }

  /** As the process is seen when it is stopped: connections are made, nothing is answered. */
  freeze(name: string): void {
    this.member(name).delayMs = Infinity;
  }

  client(
    options: Partial<ClientOptions> = {},
    more: Partial<AtInstances> = {},
    observers?: Observers,
  ): ClientHandle<ProbeClient> {
    const runtime = this.place.runtime("client");
    const { resolver } = this;
    const client = createClient({
      policies: ONE_TRY,
      definition: Probe,
      resolver,
      runtime,
      options,
      ...(observers === undefined ? {} : { observers }),
      // Every try is to be seen: nothing tries again or refuses to.
      filters: (defaults) => defaults.filter(({ role }) => WATCHING.has(role)),
      ...more,
    });
    this.clients.push(client);
    return client;
  }

  /**
   * Calls at a steady rate for a while, each with a time limit or a caller that gives it up, and
   * waits for all of them.
   */
  async load(
    client: ClientHandle<ProbeClient>,
    forMs: number,
    callsPerSecond: number,
    patience: number | { readonly giveUpAfterMs: number } = 200,
  ): Promise<Tally> {
    const { world } = this;
    const tally: Tally = { calls: 0, succeeded: 0, errors: [] };
    const calls: Promise<void>[] = [];
    for (let ms = 0; ms < forMs; ms += 1_000 / callsPerSecond) {
      after(world.clock, ms, () => calls.push(this.call(client, tally, patience)));
    }
    const longestMs = typeof patience === "number" ? patience : patience.giveUpAfterMs;
    await world.run(forMs + longestMs + 5);
    await this.place.finish(Promise.all(calls));
    return tally;
  }

  /** How many calls each has had since the last time. */
  takeCounts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { name, handler } of this.members.values()) {
      counts[name] = handler.counts.get("hold") ?? 0;
      handler.counts.clear();
    }
    return counts;
  }

  /** Closes everything; throws when something is left. */
  async close(): Promise<void> {
    for (const client of this.clients) checkNothingAtWork(client);
    for (const client of this.clients) client.close();
    for (const { handler, server } of this.members.values()) {
      for (const call of handler.calls) call.answer("at the end");
      // oxlint-disable-next-line no-await-in-loop
      await this.place.finish(server.stop());
    }
    const left = await this.place.left();
    if (left.length > 0) throw new Error(`left at the end:\n  ${left.join("\n  ")}`);
  }

  private async call(
    client: ClientHandle<ProbeClient>,
    tally: Tally,
    patience: number | { readonly giveUpAfterMs: number },
  ): Promise<void> {
    const context = this.contextFor(patience);
    tally.calls++;
    try {
      await client.calls.hold(context, `${this.callCount++}`);
      tally.succeeded++;
    } catch (error) {
      tally.errors.push(ServiceError.from(error));
    }
  }

  private contextFor(patience: number | { readonly giveUpAfterMs: number }): Context {
    const { clock } = this.world;
    if (typeof patience === "number") return createContext({ clock }).withTimeout(patience);
    const { context, cancel } = createContext({ clock }).withCancel();
    after(clock, patience.giveUpAfterMs, () => cancel(new ServiceError("cancelled", "gave up")));
    return context;
  }

  private async serve(
    name: string,
    handler: HeldProbe,
    first?: Filter<ServerCall<ProbeHandler>, unknown>,
  ): Promise<Server<ProbeHandler>> {
    const server = createServer({
      definition: Probe,
      handler,
      runtime: this.place.runtime(name),
      filters: (defaults) =>
        first === undefined
          ? defaults
          : [{ role: "first", why: "before all others", filter: first }, ...defaults],
    });
    await server.listen({ kind: "tcp", host: name, port: PORT }, { reusePort: true });
    return server;
  }
}

/** Calls that have ended must not count as at work at any instance. */
function checkNothingAtWork(client: ClientHandle<ProbeClient>): void {
  const { instances } = client.snapshot() as { instances: { id: string; inFlight: number }[] };
  for (const { id, inFlight } of instances) {
    if (inFlight !== 0) throw new Error(`${inFlight} calls are at work at ${id} when all ended`);
  }
}

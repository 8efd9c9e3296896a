/**
 * A hundred clients and a hundred instances of one service, each a process on a host of its own in
 * a simulated world, with the production client and server and a steady load.
 */
import { createWorld, type World } from "@holdfast/sim";
import {
  AccessLog,
  after,
  CallRecords,
  type ClientHandle,
  createClient,
  createContext,
  RequestIds,
  createServer,
  directFilter,
  fixedPosition,
  type Instance,
  instanceAt,
  type Network,
  type Observers,
  type Random,
  type Runtime,
  type Server,
  ServiceError,
  silentLogger,
  type StackEntry,
  StateRegistry,
  StaticResolver,
  StatsRegistry,
} from "holdfast";
import type { EchoHandler } from "../rolling-restart/echo-service.ts";
import { CallLog } from "./call-log.ts";
import { PlainEcho } from "./plain-echo.ts";
import { ProcessNetwork } from "./process-network.ts";

export interface FleetShape {
  readonly clients: number;
  readonly instances: number;
  /** Of each client; they do not come at the same moments. */
  readonly callsPerSecond: number;
  /** Instances that each client knows at least. */
  readonly subsetMin: number;
  /** From one instance that is rolled to the next, at least, in ms. */
  readonly rollEveryMs: number;
}

/** Work takes this and, on average, as much again; one call of a hundred takes 28 ms. */
const WORK_LEAST_MS = 5;
const WORK_MORE_MS = 5;
/** Bytes are not cut at random, unlike elsewhere: that costs time, and others look at it. */
const LINKS = { latencyMs: 0.25, jitterMs: 0.25, chunking: "whole", takenAtOnceRatio: 1 } as const;
/** The time in which all clients have heard of a new list. */
export const LIST_LAG_MS = 500;
export const FIRST_PORT = 9_000;

/** One process of the service. */
export class FleetInstance {
  readonly host: string;
  readonly listed: Instance;
  readonly network: ProcessNetwork;
  /** What is added to its work. */
  addedMs = 0;
  failing = false;
  /** Calls that it has and has not answered. */
  atWork = 0;
  /** Calls that it was asked to do. */
  served = 0;
  private readonly server: Server<EchoHandler>;
  private readonly runtime: Runtime;

  constructor(host: string, port: number, runtime: Runtime, work: Random, log: CallLog) {
    this.host = host;
    this.network = new ProcessNetwork(runtime.network);
    this.runtime = { ...runtime, network: this.network };
    this.listed = instanceAt({ kind: "tcp", host, port });
    this.server = createServer({
      definition: PlainEcho,
      handler: { echo: (_context, text) => this.answer(text, work) },
      runtime: this.runtime,
      observers: smallObservers(this.runtime),
      filters: (defaults) => [countRefused(runtime, log), ...defaults],
    });
  }

  async start(): Promise<void> {
    await this.server.listen(this.listed.address, { reusePort: true });
  }

  async drainAndStop(): Promise<void> {
    const { clock } = this.runtime;
    await this.server.drain(createContext({ clock }).withTimeout(10_000));
    await this.server.stop();
  }

  async kill(): Promise<void> {
    await this.server.stop();
    this.network.kill();
  }

  private answer(text: string, work: Random): Promise<string> {
    this.served++;
    if (this.failing) return Promise.reject(new Error("this instance is out of order"));
    const { promise, resolve } = Promise.withResolvers<string>();
    const workMs = WORK_LEAST_MS - WORK_MORE_MS * Math.log(1 - work.next()) + this.addedMs;
    this.atWork++;
    after(this.runtime.clock, workMs, () => {
      this.atWork--;
      resolve(text);
    });
    return promise;
  }
}

function countRefused<Call>({ clock }: Runtime, log: CallLog): StackEntry<Call, unknown> {
  return {
    role: "refusals",
    why: "first, to see every call that comes",
    filter: directFilter<Call, unknown>((context, call, next, settler) =>
      next(context, call, {
        succeed: (reply) => settler.succeed(reply),
        fail: (error) => {
          const isRefusal = error instanceof ServiceError && error.code === "draining";
          if (isRefusal) log.refusedMs.push(clock.nowMs());
          settler.fail(error);
        },
      }),
    ),
  };
}

export class Fleet {
  readonly world: World;
  readonly shape: FleetShape;
  readonly log: CallLog;
  /** Those that run, by their place from 0 on. */
  readonly instances: FleetInstance[] = [];
  private readonly clients: ClientHandle<EchoHandler>[] = [];
  /** What each client watches, with the number of the list that it has. */
  private readonly announced = new Map<StaticResolver, number>();
  private readonly random: Random;
  private processCount = 0;
  private callCount = 0;
  private listCount = 0;
  private loading = false;

  constructor(seed: number, shape: FleetShape) {
    this.world = createWorld(seed, LINKS);
    this.shape = shape;
    this.random = this.world.random.stream("fleet");
    this.log = new CallLog(this.world.clock, ({ client, startMs, error, tries }) =>
      this.world.note(`${client} at ${startMs} in ${tries.length} ${error?.code ?? "fine"}`),
    );
  }

  /** Starts everybody, and the load. */
  async start(): Promise<void> {
    const { clients, instances } = this.shape;
    for (let place = 0; place < instances; place++) {
      // One after the other, so that each run is the same.
      // oxlint-disable-next-line no-await-in-loop
      this.instances.push(await this.startInstance(`instance-${place}`, FIRST_PORT));
    }
    for (let index = 0; index < clients; index++) this.addClient(index);
    this.loading = true;
    const periodMs = 1_000 / this.shape.callsPerSecond;
    for (const client of this.clients) {
      after(this.world.clock, this.random.next() * periodMs, () => this.load(client, periodMs));
    }
  }

  async startInstance(host: string, port: number): Promise<FleetInstance> {
    const process = `${host} process ${this.processCount++}`;
    const { world, log } = this;
    const runtime = this.runtime(process, world.network.host(host));
    const instance = new FleetInstance(host, port, runtime, world.random.stream(process), log);
    await instance.start();
    return instance;
  }

  /** Each client hears of it in a while of its own. */
  announce(): void {
    const listed = this.listed();
    const number = ++this.listCount;
    for (const resolver of this.announced.keys()) {
      const lagMs = this.random.next() * LIST_LAG_MS;
      after(this.world.clock, lagMs, () => {
        // What a source gives is never older than what it gave before.
        if (this.announced.get(resolver)! > number) return;
        this.announced.set(resolver, number);
        resolver.set(PlainEcho.name, listed);
      });
    }
  }

  /** What a kernel does for a process that ended: connections are reset, new ones refused. */
  async kill(instance: FleetInstance): Promise<void> {
    const { network } = this.world;
    for (let index = 0; index < this.shape.clients; index++) {
      network.reset(clientHost(index), instance.host);
    }
    await instance.kill();
  }

  /** The clients that have the instance among theirs. */
  clientsOf(instance: FleetInstance): Set<number> {
    const { id } = instance.listed;
    const found = new Set<number>();
    for (const [index, client] of this.clients.entries()) {
      const { instances } = client.snapshot() as { instances: { id: string }[] };
      if (instances.some((each) => each.id === id)) found.add(index);
    }
    return found;
  }

  allClients(): Set<number> {
    return new Set(this.clients.keys());
  }

  /** No new calls, and time for those at work. */
  async endLoad(): Promise<void> {
    this.loading = false;
    await this.world.run(2_000);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.world.finish(Promise.all(this.instances.map((each) => each.kill())), 1_000);
    await this.world.run(100);
  }

  private listed(): Instance[] {
    return this.instances.map(({ listed }) => listed);
  }

  private addClient(index: number): void {
    const { clients, subsetMin } = this.shape;
    const resolver = new StaticResolver(this.world.clock, { [PlainEcho.name]: this.listed() });
    this.announced.set(resolver, 0);
    const host = clientHost(index);
    const runtime = this.runtime(host, this.world.network.host(host));
    const client = createClient({
      definition: PlainEcho,
      resolver,
      subset: { instancesMin: subsetMin, position: fixedPosition(index, clients) },
      runtime,
      observers: smallObservers(runtime),
      // One connection is plenty for what a client sends to an instance.
      options: { name: "edge", callTimeoutMs: 1_000, connectionsMax: 1 },
      policies: {
        retry: { tryTimeoutMs: 200 },
        // Few calls for each client: a percentile of fewer of them, and sooner.
        hedge: { samplesMin: 20, refreshMs: 1_000 },
        idempotentMethods: ["echo"],
      },
      filters: (defaults) => this.log.watch(index, defaults),
    });
    this.clients.push(client);
  }

  private runtime(name: string, network: Network): Runtime {
    const { clock, random } = this.world;
    return { clock, network, random: random.stream(name), logger: silentLogger };
  }

  private load(client: ClientHandle<EchoHandler>, periodMs: number): void {
    if (!this.loading) return;
    const { clock } = this.world;
    // On average one in each period, and no two clients in step for long.
    after(clock, periodMs * (0.8 + 0.4 * this.random.next()), () => this.load(client, periodMs));
    client.calls.echo(createContext({ clock }), `${this.callCount++}`).catch(() => undefined);
  }
}

/** Two hundred processes in one: what each keeps of its past calls adds up. */
function smallObservers(runtime: Runtime): Observers {
  const { clock, logger } = runtime;
  const requestIds = new RequestIds(runtime.random.stream("request-ids"));
  const records = new CallRecords({ clock, requestIds, capacity: 64 });
  const accessLog = new AccessLog({ clock, records, logger });
  return { stats: new StatsRegistry(), records, accessLog, state: new StateRegistry(), requestIds };
}

function clientHost(index: number): string {
  return `client-${index}`;
}

/**
 * Where servers and clients of a test live: on this machine's loopback, or in a world of the
 * simulator. The same test runs in both; each place knows what must not be left at the end.
 */
import {
  type Address,
  type Clock,
  MemoryLogger,
  type Network,
  type Random,
  type Runtime,
  SeededRandom,
  SystemClock,
} from "@holdfast/core";
import { TcpNetwork } from "../wire/tcp-network.ts";
import { WatchedNetwork } from "./watched-network.ts";

export interface TestPlace {
  readonly name: string;
  /** What everybody in the place logs. */
  readonly logger: MemoryLogger;
  readonly clock: Clock;
  /** The place as a process on `host` sees it; the same object for the same host. */
  runtime(host: string): TestRuntime;
  /** Where a server on `host` listens: port 0. */
  listenAddress(host: string): Address;
  /** Lets everything go on until the promise settles. */
  finish<Value>(promise: Promise<Value>): Promise<Value>;
  /** Lets everything go on until the condition holds. */
  until(condition: () => boolean): Promise<void>;
  /** Lets what is closing close; says what is left: connections, listeners, timers, handles. */
  left(): Promise<string[]>;
}

export interface TestRuntime extends Runtime {
  readonly logger: MemoryLogger;
  readonly network: WatchedNetwork;
}

/** As much of the simulator's world as is used here: the simulator is no dependency of rpc. */
export interface SimulatedWorld {
  readonly seed: number;
  readonly clock: Clock & { readonly scheduledCount: number };
  readonly random: Random;
  readonly network: { host(name: string): Network };
  run(forMs: number): Promise<void>;
  finish<Value>(promise: Promise<Value>, withinMs: number): Promise<Value>;
}

/** Virtual time within which everything in a test happens, unless it says otherwise. */
const PATIENCE_MS = 60_000;
/** Longer than it takes to close a connection, shorter than any deadline that may be left. */
const CLOSING_MS = 50;

export function simulatedPlace(world: SimulatedWorld): TestPlace {
  const { clock, random } = world;
  const logger = new MemoryLogger();
  const runtimes = new Map<string, TestRuntime>();
  return {
    name: `simulated, seed ${world.seed}`,
    logger,
    clock,
    runtime: (host) =>
      once(runtimes, host, () => ({
        clock,
        logger,
        random: random.stream(host),
        network: new WatchedNetwork(world.network.host(host)),
      })),
    listenAddress: (host) => ({ kind: "tcp", host, port: 0 }),
    finish: (promise) => world.finish(promise, PATIENCE_MS),
    until: async (condition) => {
      for (let ms = 0; ms < PATIENCE_MS; ms++) {
        if (condition()) return;
        // Until it holds: one step after the other.
        // oxlint-disable-next-line no-await-in-loop
        await world.run(1);
      }
      throw new Error(
        `seed ${world.seed}: not so within ${PATIENCE_MS} ms: ${condition.toString()}`,
      );
    },
    left: async () => {
      await world.run(CLOSING_MS);
      return [...openIn(runtimes), ...timersOf(clock)];
    },
  };
}

/** Rounds of the event loop after which a connection that is closing must be closed. */
const CLOSING_TURNS = 2_000;
/** What Node itself still holds, by its names for them. */
const HANDLES = new Set(["TCPSocketWrap", "TCPServerWrap", "TLSWrap", "PipeServerWrap"]);

export function loopbackPlace(seed = 1): TestPlace {
  const clock = new SystemClock();
  const random = new SeededRandom(seed);
  const logger = new MemoryLogger();
  const runtimes = new Map<string, TestRuntime>();
  const left = (): string[] => [
    ...openIn(runtimes),
    ...timersOf(clock),
    ...process.getActiveResourcesInfo().filter((name) => HANDLES.has(name)),
  ];
  return {
    name: "loopback",
    logger,
    clock,
    runtime: (host) =>
      once(runtimes, host, () => ({
        clock,
        logger,
        random: random.stream(host),
        network: new WatchedNetwork(new TcpNetwork(clock)),
      })),
    listenAddress: () => ({ kind: "tcp", host: "127.0.0.1", port: 0 }),
    finish: (promise) => promise,
    until: async (condition) => {
      // What never holds ends with the time limit of the test.
      // oxlint-disable-next-line no-await-in-loop
      while (!condition()) await loopTurn();
    },
    left: async () => {
      // oxlint-disable-next-line no-await-in-loop
      for (let turn = 0; turn < CLOSING_TURNS && left().length > 0; turn++) await loopTurn();
      return left();
    },
  };
}

function once<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function openIn(runtimes: ReadonlyMap<string, TestRuntime>): string[] {
  return [...runtimes].flatMap(([host, { network }]) =>
    network.open().map((line) => `${line} on ${host}`),
  );
}

function timersOf(clock: { readonly scheduledCount: number }): string[] {
  return clock.scheduledCount === 0 ? [] : [`${clock.scheduledCount} scheduled timers`];
}

function loopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

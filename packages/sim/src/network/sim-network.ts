/**
 * A network in memory: hosts, listeners, connections, and on every link between two hosts the
 * faults of a real one, drawn from the world's seed and changeable while it runs.
 *
 * Used as a Network itself it stands for the host "local"; `host(name)` is the same network seen
 * from another one.
 */
import {
  type Address,
  type Clock,
  type ConnectOptions,
  formatAddress,
  type ListenOptions,
  type Listener,
  type Network,
  type Random,
  ServiceError,
  type Socket,
} from "@holdfast/core";
import type { Trace } from "../trace.ts";
import { ConnectAttempt } from "./connect-attempt.ts";
import { Connection } from "./connection.ts";
import { Link } from "./link.ts";
import { completeLinkOptions, type LinkOptions } from "./link-options.ts";
import { SimListener } from "./sim-listener.ts";

const LOCAL = "local";
const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"]);
/** Where the ports given for port 0 begin, and those of clients. */
const LISTEN_PORT_MIN = 20_000;
const CLIENT_PORT_MIN = 49_152;

export class SimNetwork implements Network {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly trace: Trace;
  private linkDefaults: LinkOptions;
  private readonly links = new Map<string, Link>();
  private readonly listeners = new Map<string, SimListener[]>();
  private readonly connections = new Set<Connection>();
  private connectionCount = 0;
  private listenPort = LISTEN_PORT_MIN;
  private clientPort = CLIENT_PORT_MIN;
  private readonly portRandom: Random;
  private readonly travelRandom: Random;

  constructor(clock: Clock, random: Random, trace: Trace, defaults: Partial<LinkOptions> = {}) {
    this.clock = clock;
    this.random = random;
    this.trace = trace;
    this.linkDefaults = completeLinkOptions(defaults);
    this.portRandom = random.stream("reuse port");
    this.travelRandom = random.stream("connect");
  }

  listen(
    address: Address,
    onSocket: (socket: Socket) => void,
    options?: ListenOptions,
  ): Promise<Listener> {
    return this.listenOn(LOCAL, address, onSocket, options);
  }

  connect(address: Address, options: ConnectOptions): Promise<Socket> {
    return this.connectFrom(LOCAL, address, options);
  }

  /** The network as the host `name` sees it: loopback is itself, connections come from it. */
  host(name: string): Network {
    return {
      listen: (address, onSocket, options) => this.listenOn(name, address, onSocket, options),
      connect: (address, options) => this.connectFrom(name, address, options),
    };
  }

  /** What goes from one host to another. */
  link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.links.get(key);
    if (link === undefined) {
      link = new Link(from, to, this.linkDefaults);
      this.links.set(key, link);
    }
    return link;
  }

  /** Changes every link, those still to come included. */
  changeAll(changes: Partial<LinkOptions>): void {
    this.linkDefaults = completeLinkOptions(changes, this.linkDefaults);
    for (const link of this.links.values()) link.change(changes);
    this.trace.add(`network changed ${JSON.stringify(changes)}`);
  }

  /** Cuts both directions: connections are not made, those that exist stall. */
  partition(a: string, b: string): void {
    this.trace.add(`network partition ${a} ${b}`);
    this.link(a, b).partitioned = true;
    this.link(b, a).partitioned = true;
  }

  heal(a: string, b: string): void {
    this.trace.add(`network heal ${a} ${b}`);
    this.link(a, b).partitioned = false;
    this.link(b, a).partitioned = false;
  }

  /** Resets every connection between the two. */
  reset(a: string, b: string): void {
    this.trace.add(`network reset ${a} ${b}`);
    for (const connection of this.connectionsBetween(a, b)) connection.reset();
  }

  /**
   * Makes every connection between the two half-open, for good: what is written goes nowhere, and
   * neither end is told. New connections are not touched.
   */
  vanish(a: string, b: string): void {
    this.trace.add(`network vanish ${a} ${b}`);
    for (const connection of this.connectionsBetween(a, b)) connection.silence();
  }

  /** The ends of connections whose onClose was not called yet, by the names in the trace. */
  openSockets(): string[] {
    return [...this.connections].flatMap((connection) =>
      [...connection.open].map((socket) => `${socket.id} ${socket.local} to ${socket.remote}`),
    );
  }

  openListeners(): string[] {
    return [...this.listeners.values()].flat().map((listener) => formatAddress(listener.address));
  }

  private listenOn(
    host: string,
    asked: Address,
    onSocket: (socket: Socket) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    if (options.fileDescriptor !== undefined) {
      const message = "the simulated network has no file descriptors";
      return Promise.reject(new ServiceError("invalid", message));
    }
    const address =
      asked.kind === "tcp" && asked.port === 0 ? { ...asked, port: this.listenPort++ } : asked;
    const key = keyOf(host, address);
    const reusePort = options.reusePort ?? false;
    const sharing = this.listeners.get(key) ?? [];
    if (sharing.length > 0 && !(reusePort && sharing.every((one) => one.reusePort))) {
      return Promise.reject(takenError(address));
    }
    const listener = new SimListener(address, reusePort, onSocket, (closed) => {
      const left = (this.listeners.get(key) ?? []).filter((one) => one !== closed);
      if (left.length === 0) this.listeners.delete(key);
      else this.listeners.set(key, left);
      this.trace.add(`listener ${key} closed`);
    });
    this.listeners.set(key, [...sharing, listener]);
    this.trace.add(`listener ${key}`);
    return Promise.resolve(listener);
  }

  private connectFrom(host: string, address: Address, options: ConnectOptions): Promise<Socket> {
    if (!(options.timeoutMs > 0)) {
      return Promise.reject(
        new RangeError(`timeoutMs is ${options.timeoutMs}; it must be above 0`),
      );
    }
    const there = this.link(host, hostOf(host, address));
    const back = this.link(hostOf(host, address), host);
    const id = ++this.connectionCount;
    return new Promise((resolve, reject) => {
      new ConnectAttempt({
        name: `${id} ${host} to ${keyOf(host, address)}`,
        clock: this.clock,
        trace: this.trace,
        there,
        back,
        timeoutMs: options.timeoutMs,
        travelMs: (link) =>
          link.options.latencyMs + this.travelRandom.next() * link.options.jitterMs,
        accept: () => this.accept(id, host, address, there, back),
        onConnected: resolve,
        onFailed: (reason) => {
          const message = `cannot connect to ${formatAddress(address)}: ${reason}`;
          reject(new ServiceError("unavailable", message, { workStarted: "no" }));
        },
      });
    });
  }

  /** The client's end, after the server was given its own; undefined when nobody listens. */
  private accept(id: number, host: string, address: Address, there: Link, back: Link) {
    const sharing = this.listeners.get(keyOf(host, address));
    if (sharing === undefined) return undefined;
    const listener = sharing[sharing.length === 1 ? 0 : this.portRandom.below(sharing.length)]!;
    const serverName = formatAddress(address);
    const connection = new Connection({
      id,
      clientName: address.kind === "unix" ? serverName : `${host}:${this.clientPort++}`,
      serverName,
      there,
      back,
      clock: this.clock,
      random: this.random.stream(`connection ${id}`),
      trace: this.trace,
      onGone: (gone) => this.connections.delete(gone),
    });
    this.connections.add(connection);
    this.trace.add(`${connection.server.id} accepted`);
    listener.onSocket(connection.server);
    return connection.client;
  }

  private connectionsBetween(a: string, b: string): Connection[] {
    return [...this.connections].filter((connection) => connection.connects(a, b));
  }
}

/** The host an address means when `host` says it. */
function hostOf(host: string, address: Address): string {
  return address.kind === "unix" || LOOPBACK.has(address.host) ? host : address.host;
}

function keyOf(host: string, address: Address): string {
  const where = hostOf(host, address);
  return address.kind === "unix" ? `${where} unix:${address.path}` : `${where}:${address.port}`;
}

function takenError(address: Address): ServiceError {
  const place =
    address.kind === "unix"
      ? `socket file ${address.path}`
      : `port ${address.port} on ${address.host}`;
  return new ServiceError("unavailable", `${place} is taken by another process`, {
    workStarted: "no",
  });
}

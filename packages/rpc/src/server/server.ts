/**
 * A Thrift server: one port for every transport and protocol it knows, a stack of filters, a
 * handler. It starts, drains and stops as a part of a Lifecycle.
 */
import {
  type Address,
  type Context,
  type Counter,
  describeStack,
  formatAddress,
  type Gauge,
  type LifecyclePart,
  type Listener,
  type ListenOptions,
  type Runtime,
  type ServiceError,
  type Socket,
  stackDirect,
  type Stack,
  STATE_KIND,
} from "@holdfast/core";
import type { ServiceDefinition } from "@holdfast/thrift";
import { createObservers, type Observers } from "../observe/observers.ts";
import { dispatch } from "./dispatch.ts";
import { MethodTable, ServerMethod } from "./method-table.ts";
import { completeServerOptions, type ServerOptions, type ServerOptionsInput } from "./options.ts";
import { RequestPath } from "./request-path.ts";
import type { ServerCall } from "./server-call.ts";
import { ServerConnection } from "./server-connection.ts";
import { ServerPolicies, type ServerConfig, type ServerPolicyInput } from "./server-policies.ts";
import { serverStack } from "./server-stack.ts";

export interface CreateServer<Handler> {
  readonly definition: ServiceDefinition<Handler, unknown>;
  readonly handler: Handler;
  readonly runtime: Runtime;
  readonly observers?: Observers;
  readonly options?: ServerOptionsInput;
  /** Load shedding, rate limits and the like; each default stands with its policy. */
  readonly policies?: ServerPolicyInput;
  /** What may change while it runs; default nothing. */
  readonly config?: ServerConfig;
  /** Changes the default stack of filters: takes it, in order, and returns the one to use. */
  readonly filters?: (
    defaults: Stack<ServerCall<Handler>, unknown>,
  ) => Stack<ServerCall<Handler>, unknown>;
}

export class Server<Handler> implements LifecyclePart {
  readonly name: string;
  readonly options: ServerOptions;
  readonly observers: Observers;
  private readonly runtime: Runtime;
  private readonly path: RequestPath<Handler>;
  private readonly entries: Stack<ServerCall<Handler>, unknown>;
  private readonly policies: ServerPolicies<Handler>;
  private readonly connections = new Set<ServerConnection<Handler>>();
  private readonly listeners: Listener[] = [];
  private readonly unregister: (() => void)[] = [];
  private readonly openConnections: Gauge;
  private readonly refusedConnections: Counter;
  private readonly brokenConnections: Counter;
  private readonly refusedCalls: Counter;
  private isDraining = false;
  private draining: Promise<{ cut: number }> | undefined = undefined;
  /** Called when a call or a connection has ended while a drain waits for that. */
  private onIdle: (() => void) | undefined = undefined;

  constructor(input: CreateServer<Handler>) {
    const { runtime, definition } = input;
    this.runtime = runtime;
    this.options = completeServerOptions({ name: definition.name, ...input.options });
    this.name = `rpc server ${this.options.name}`;
    this.observers = input.observers ?? createObservers(runtime);
    const { stats, records, accessLog } = this.observers;
    this.policies = new ServerPolicies({
      ...{ service: definition.name, runtime, stats, policies: input.policies ?? {} },
      concurrency: this.options.concurrency,
      config: input.config,
    });
    const defaults = serverStack<Handler>({
      clock: runtime.clock,
      records,
      accessLog,
      logger: runtime.logger,
      draining: () => this.isDraining,
      policies: this.policies,
    });
    this.entries = input.filters?.(defaults) ?? defaults;
    const methods = definition.methods.map(
      (method) => new ServerMethod(method, definition.name, stats, records),
    );
    this.openConnections = stats
      .gauge({ name: "holdfast_server_connections", help: "Open connections", labels: ["service"] })
      .of(definition.name);
    const refused = stats.counter({
      name: "holdfast_server_refused",
      help: "Connections and calls that were refused before the filters, by what it was",
      labels: ["service", "what"],
    });
    this.refusedConnections = refused.of(definition.name, "connection over the limit");
    this.brokenConnections = refused.of(definition.name, "connection broken off");
    this.refusedCalls = refused.of(definition.name, "call");
    this.path = new RequestPath({
      runtime,
      options: this.options,
      requestIds: this.observers.requestIds,
      methods: new MethodTable(methods),
      service: stackDirect(this.entries, dispatch(input.handler)),
      onRefusedCall: (peer, method, error) => this.onRefusedCall(peer, method, error),
      onRefusedConnection: (peer, error) => this.onBrokenConnection(peer, error),
      onCallEnded: () => this.onIdle?.(),
      onBadReply: (call, error) => this.onBadReply(call, error),
      onForgotten: (connection) => this.onForgotten(connection),
    });
    this.registerState();
  }

  /** Accepts connections at `address`; several addresses may be listened on. */
  async listen(address: Address, options?: ListenOptions): Promise<Address> {
    const { network, logger } = this.runtime;
    const listener = await network.listen(address, (socket) => this.accept(socket), options);
    this.listeners.push(listener);
    logger.info("listening", { server: this.name, address: formatAddress(listener.address) });
    return listener.address;
  }

  describeStack(): ReturnType<typeof describeStack> {
    return describeStack(this.entries);
  }

  /**
   * Takes no new connections and no new calls, tells peers that understand it to leave, and waits
   * until the calls at work have ended and their replies are sent, or `context` is over. Resolves
   * with how many were cut; the same promise however often it is called.
   */
  drain(context: Context): Promise<{ cut: number }> {
    this.draining ??= this.runDrain(context);
    return this.draining;
  }

  private async runDrain(context: Context): Promise<{ cut: number }> {
    await this.closeListeners();
    this.path.sayGoAway(this.connections);
    // Peers that understood have stopped calling when this turn's word has reached them; what
    // crosses it is still served, and only then are calls refused.
    const graceMs = Math.min(GO_AWAY_GRACE_MS, context.remainingMs() / 2);
    const isEmpty = (): boolean => this.connections.size === 0;
    await this.until(isEmpty, context.withTimeout(graceMs));
    this.isDraining = true;
    await this.until(() => this.callsInFlight() === 0, context);
    const cut = this.callsInFlight();
    for (const connection of this.connections) connection.endAfterReplies();
    // Whoever stops us next must not take back the replies that are on their way.
    await this.until(isEmpty, context);
    return { cut };
  }

  /** Closes every connection. Calls still at work lose their callers. */
  async stop(): Promise<void> {
    this.isDraining = true;
    await this.closeListeners();
    for (const connection of this.connections) connection.socket.destroy();
    this.policies.stop();
    for (const unregister of this.unregister.splice(0)) unregister();
  }

  private async closeListeners(): Promise<void> {
    await Promise.all(this.listeners.splice(0).map((listener) => listener.close()));
  }

  private accept(socket: Socket): void {
    if (this.connections.size >= this.options.connectionsMax || this.isDraining) {
      this.refusedConnections.add();
      socket.destroy();
      return;
    }
    const { clock } = this.runtime;
    const { path } = this;
    const connection = new ServerConnection(socket, path, this.options, clock, path.chunkView);
    this.connections.add(connection);
    this.openConnections.set(this.connections.size);
  }

  private onForgotten(connection: ServerConnection<Handler>): void {
    this.connections.delete(connection);
    this.openConnections.set(this.connections.size);
    this.onIdle?.();
  }

  private onRefusedCall(peer: string, method: string, error: ServiceError): void {
    this.refusedCalls.add();
    const { code, message } = error;
    this.runtime.logger.debug("call refused", { peer, method, code, reason: message });
  }

  private onBadReply(call: ServerCall<Handler>, error: unknown): void {
    const { requestId, caller } = call.context;
    const { name } = call.method.definition;
    const { logger } = this.runtime;
    logger.error("reply cannot be written", { requestId, caller, method: name, error });
  }

  private onBrokenConnection(peer: string, error: ServiceError): void {
    this.brokenConnections.add();
    const { code, message } = error;
    const { logger } = this.runtime;
    if (code === "internal") logger.error("connection broken off", { peer, error });
    else logger.debug("connection broken off", { peer, code, reason: message });
  }

  private callsInFlight(): number {
    let calls = 0;
    for (const connection of this.connections) calls += connection.callsInFlight;
    return calls;
  }

  /** Waits until the condition holds or the context is over. One at a time. */
  private until(condition: () => boolean, context: Context): Promise<void> {
    if (condition() || context.cancelled !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.onIdle = undefined;
        stopListening();
        resolve();
      };
      const stopListening = context.onCancel(done);
      this.onIdle = () => {
        if (condition()) done();
      };
    });
  }

  private registerState(): void {
    const { state } = this.observers;
    const { name } = this;
    this.unregister.push(
      state.register({ name, kind: STATE_KIND.stack, snapshot: () => this.describeStack() }),
      state.register({ name, kind: STATE_KIND.options, snapshot: () => this.options }),
      state.register({
        name,
        kind: STATE_KIND.connections,
        snapshot: () => [...this.connections].map((connection) => connection.snapshot()),
      }),
      state.register({ name, kind: "policies", snapshot: () => this.policies.snapshot() }),
      state.register({
        name,
        kind: STATE_KIND.stats,
        snapshot: () => ({
          connections: this.connections.size,
          callsInFlight: this.callsInFlight(),
          draining: this.isDraining,
          concurrency: this.policies.limit.snapshot(),
        }),
      }),
    );
  }
}

/** How long peers have to hear that they should leave before their calls are refused. */
const GO_AWAY_GRACE_MS = 250;

export function createServer<Handler>(input: CreateServer<Handler>): Server<Handler> {
  return new Server(input);
}

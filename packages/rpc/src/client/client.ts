/** A typed client of a Thrift service: one method each, the default filters, pooled connections. */
import {
  type Address,
  describeStack,
  type DirectService,
  type Runtime,
  type Stack,
  stackDirect,
  STATE_KIND,
  toService,
} from "@holdfast/core";
import type { MethodDefinition, ServiceDefinition } from "@holdfast/thrift";
import { createObservers, type Observers } from "../observe/observers.ts";
import { CallPath } from "./call-path.ts";
import { ClientCall, ClientMethod, Try } from "./client-call.ts";
import { clientStack } from "./client-stack.ts";
import { type ClientOptions, completeClientOptions } from "./options.ts";
import { Pool } from "./pool.ts";

export interface CreateClient<Client> {
  readonly definition: ServiceDefinition<never, Client>;
  readonly address: Address;
  readonly runtime: Runtime;
  readonly observers?: Observers;
  readonly options?: Partial<ClientOptions>;
  /** Changes the default stack of filters: takes it, in order, and returns the one to use. */
  readonly filters?: (defaults: Stack<ClientCall, unknown>) => Stack<ClientCall, unknown>;
}

export class ClientHandle<Client> {
  /** The service's methods, with the context first. */
  readonly calls: Client;
  readonly options: ClientOptions;
  private readonly pool: Pool;
  private readonly entries: Stack<ClientCall, unknown>;
  private readonly unregister: (() => void)[];

  constructor(input: CreateClient<Client>) {
    const { runtime, definition } = input;
    const { clock, network } = runtime;
    this.options = completeClientOptions(input.options ?? {});
    const observers = input.observers ?? createObservers(runtime);
    const { stats, records, accessLog } = observers;
    const path = new CallPath(clock, this.options);
    const random = runtime.random.stream(`client ${definition.name}`);
    this.pool = new Pool({
      address: input.address,
      clock,
      random,
      network,
      path,
      options: this.options,
    });
    const { callTimeoutMs } = this.options;
    const defaults = clientStack({ clock, records, accessLog, callTimeoutMs });
    this.entries = input.filters?.(defaults) ?? defaults;
    const service = toService(stackDirect(this.entries, this.transport()));
    const methods = new Map<MethodDefinition, ClientMethod>();
    for (const each of definition.methods) {
      const { name } = this.options;
      methods.set(each, new ClientMethod(each, definition.name, name, stats, records));
    }
    this.calls = definition.client((method, context, args) =>
      service(context, new ClientCall(methods.get(method)!, args, clock.nowMs())),
    );
    this.unregister = this.registerState(observers, definition.name);
  }

  describeStack(): ReturnType<typeof describeStack> {
    return describeStack(this.entries);
  }

  /** Closes now: calls at work fail with `unavailable`, those that wait with `cancelled`. */
  close(): void {
    this.pool.close();
    for (const unregister of this.unregister) unregister();
  }

  /** Lets calls at work end; new ones are refused. */
  leave(): void {
    this.pool.leave();
  }

  /** The last service of the stack: a try on a connection. */
  private transport(): DirectService<ClientCall, unknown> {
    return (context, call, settler) => {
      const attempt = new Try(call, context, settler);
      const reason = context.scope.ended;
      if (reason !== undefined) attempt.failUnsent(reason);
      else this.pool.send(attempt);
    };
  }

  private registerState(observers: Observers, service: string): (() => void)[] {
    const name = `rpc client of ${service}`;
    const { state } = observers;
    const options = { ...this.options, tls: this.options.tls === undefined ? "off" : "on" };
    return [
      state.register({ name, kind: STATE_KIND.stack, snapshot: () => this.describeStack() }),
      state.register({ name, kind: STATE_KIND.options, snapshot: () => options }),
      state.register({ name, kind: STATE_KIND.stats, snapshot: () => this.pool.snapshot() }),
    ];
  }
}

export function createClient<Client>(input: CreateClient<Client>): ClientHandle<Client> {
  return new ClientHandle(input);
}

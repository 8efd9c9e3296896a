/** A typed client of a Thrift service: one method each, the default filters, pooled connections. */
import {
  type Address,
  type CreateBalancer,
  describeStack,
  type DirectService,
  type LiveConfig,
  type Resolver,
  type Runtime,
  type Stack,
  stackDirect,
  STATE_KIND,
  toService,
} from "@holdfast/core";
import { BreakerTable } from "@holdfast/resilience";
import type { MethodDefinition, ServiceDefinition } from "@holdfast/thrift";
import { leastLoaded } from "../balance/least-loaded.ts";
import { completeSubsetOptions, type SubsetOptions } from "../balance/subset.ts";
import { createObservers, type Observers } from "../observe/observers.ts";
import { type BalanceOptionsInput, completeBalanceOptions } from "./balance-options.ts";
import { BalancedTry } from "./balanced-try.ts";
import { CallPath } from "./call-path.ts";
import { ClientCall, ClientMethod, Try } from "./client-call.ts";
import { ClientPolicies, type ClientPolicyInput } from "./client-policies.ts";
import { clientStack } from "./client-stack.ts";
import { EndpointSet } from "./endpoint-set.ts";
import { type ClientOptions, completeClientOptions } from "./options.ts";
import { Pool, type PoolParts } from "./pool.ts";

export type CreateClient<Client> = CreateClientOf<Client> & (AtAddress | AtInstances);

/** All calls go to one address. */
export interface AtAddress {
  readonly address: Address;
}

/** Calls are spread over the instances that a resolver knows. */
export interface AtInstances {
  readonly resolver: Resolver;
  /** As the resolver knows it; default the name in the IDL. */
  readonly service?: string;
  /** Default `leastLoaded()`. */
  readonly balancer?: CreateBalancer;
  readonly balance?: BalanceOptionsInput;
  /** Which part of a large fleet this client uses; default all of it. */
  readonly subset?: Partial<SubsetOptions>;
}

export interface CreateClientOf<Client> {
  readonly definition: ServiceDefinition<never, Client>;
  readonly runtime: Runtime;
  readonly observers?: Observers;
  readonly options?: Partial<ClientOptions>;
  /** Retries, hedges, breakers and the like; each default stands with its policy. */
  readonly policies?: ClientPolicyInput;
  /** What may change while it runs; default nothing. */
  readonly config?: Pick<LiveConfig, "options">;
  /** Where the breakers show; give all clients of a process one. Default: one of its own. */
  readonly breakers?: BreakerTable;
  /** Changes the default stack of filters: takes it, in order, and returns the one to use. */
  readonly filters?: (defaults: Stack<ClientCall, unknown>) => Stack<ClientCall, unknown>;
}

export class ClientHandle<Client> {
  /** The service's methods, with the context first. */
  readonly calls: Client;
  readonly options: ClientOptions;
  readonly policies: ClientPolicies;
  private readonly target: Pool | EndpointSet;
  private readonly entries: Stack<ClientCall, unknown>;
  /** What is done at the end. */
  private readonly endings: (() => void)[] = [];

  constructor(input: CreateClient<Client>) {
    const { runtime, definition } = input;
    const { clock, network } = runtime;
    this.options = completeClientOptions(input.options ?? {});
    const observers = input.observers ?? createObservers(runtime);
    const { stats, records, accessLog } = observers;
    const path = new CallPath(clock, this.options);
    const random = runtime.random.stream(`client ${definition.name}`);
    const { options } = this;
    const pool = { clock, random, network, path, options };
    const breakers = input.breakers ?? createBreakers(runtime, observers);
    if (input.breakers === undefined) this.endings.push(() => breakers.close());
    this.target =
      "address" in input
        ? new Pool({ ...pool, address: input.address })
        : createEndpointSet(input, breakers, pool);
    if (this.target instanceof EndpointSet) this.endings.push(this.target.showStats(stats));
    this.policies = new ClientPolicies({
      ...{ service: definition.name, runtime, observers, breakers, options },
      policies: input.policies ?? {},
      config: input.config,
    });
    const defaults = clientStack({ clock, records, accessLog, policies: this.policies });
    this.entries = input.filters?.(defaults) ?? defaults;
    const service = toService(stackDirect(this.entries, transportTo(this.target)));
    const methods = new Map<MethodDefinition, ClientMethod>();
    const idempotent = new Set(input.policies?.idempotentMethods);
    for (const each of definition.methods) {
      const { name } = this.options;
      const isIdempotent = each.idempotent || idempotent.has(each.name);
      const method = new ClientMethod(each, definition.name, name, isIdempotent, stats, records);
      methods.set(each, method);
    }
    this.calls = definition.client((method, context, args) =>
      service(context, new ClientCall(methods.get(method)!, args, clock.nowMs())),
    );
    this.endings.push(...this.registerState(observers, definition.name));
  }

  /** What a client knows of where its calls go, as the ops port shows it. */
  snapshot(): Record<string, unknown> {
    return this.target.snapshot();
  }

  describeStack(): ReturnType<typeof describeStack> {
    return describeStack(this.entries);
  }

  /** Closes now: calls at work fail with `unavailable`, those that wait with `cancelled`. */
  close(): void {
    this.target.close();
    for (const end of this.endings.splice(0)) end();
  }

  /** Lets calls at work end; new ones are refused. */
  leave(): void {
    this.target.leave();
  }

  private registerState(observers: Observers, service: string): (() => void)[] {
    const name = `rpc client of ${service}`;
    const { state } = observers;
    const options = { ...this.options, tls: this.options.tls === undefined ? "off" : "on" };
    return [
      state.register({ name, kind: STATE_KIND.stack, snapshot: () => this.describeStack() }),
      state.register({ name, kind: STATE_KIND.options, snapshot: () => options }),
      state.register({ name, kind: STATE_KIND.stats, snapshot: () => this.target.snapshot() }),
      state.register({ name, kind: "policies", snapshot: () => this.policies.snapshot() }),
    ];
  }
}

function createBreakers({ clock, random, logger }: Runtime, observers: Observers): BreakerTable {
  const { state: registry, stats } = observers;
  return new BreakerTable({ clock, random: random.stream("breakers"), registry, stats, logger });
}

function createEndpointSet<Client>(
  input: CreateClientOf<Client> & AtInstances,
  breakers: BreakerTable,
  pool: Omit<PoolParts, "address">,
): EndpointSet {
  return new EndpointSet({
    resolver: input.resolver,
    service: input.service ?? input.definition.name,
    balancer: input.balancer ?? leastLoaded(),
    balance: completeBalanceOptions(input.balance ?? {}),
    breakers,
    subset: input.subset === undefined ? undefined : completeSubsetOptions(input.subset),
    caller: pool.options.name,
    clock: pool.clock,
    logger: input.runtime.logger,
    pool,
  });
}

/** The last service of the stack: a try on a connection. */
function transportTo(target: Pool | EndpointSet): DirectService<ClientCall, unknown> {
  if (target instanceof EndpointSet) {
    return (context, call, settler) => {
      const attempt = new BalancedTry(call, context, settler, target);
      const reason = context.scope.ended;
      if (reason !== undefined) attempt.failUnsent(reason);
      else target.send(attempt);
    };
  }
  return (context, call, settler) => {
    const attempt = new Try(call, context, settler);
    const reason = context.scope.ended;
    if (reason !== undefined) attempt.failUnsent(reason);
    else target.send(attempt);
  };
}

export function createClient<Client>(input: CreateClient<Client>): ClientHandle<Client> {
  return new ClientHandle(input);
}

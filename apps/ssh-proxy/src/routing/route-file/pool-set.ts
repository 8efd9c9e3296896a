/**
 * The pools of a file of routes while the file changes: a pool that stays what it is stays the same
 * object, so that whoever holds connections, health and breakers of its hosts goes on with them. A
 * changed list of hosts is no other pool: its resolver tells of it.
 */
import {
  type Clock,
  formatAddress,
  instanceAt,
  type Resolver,
  ServiceError,
  StaticResolver,
} from "holdfast";
import type { BackendPool } from "../backend-pools.ts";
import { NamedServiceResolver } from "../named-service-resolver.ts";
import type { BackendEntry, HostsEntry } from "./backend-entry.ts";

/** Opens what stands in `from`, such as `consul:127.0.0.1:8500`, for one service. */
export type OpenServiceResolver = (from: string, service: string) => Resolver;

interface HeldPool {
  readonly pool: BackendPool;
  /** All but a list of hosts: another pool when it differs. */
  readonly sameness: string;
  /** What is told of another list of hosts; undefined when a service knows them. */
  readonly listed: StaticResolver | undefined;
  /** The list that it was told last. */
  hosts: string;
}

export class PoolSet {
  private readonly clock: Clock;
  private readonly openResolver: OpenServiceResolver;
  private held: ReadonlyMap<string, HeldPool> = new Map();
  private all: readonly BackendPool[] = [];

  constructor(clock: Clock, openResolver: OpenServiceResolver) {
    this.clock = clock;
    this.openResolver = openResolver;
  }

  get pools(): readonly BackendPool[] {
    return this.all;
  }

  pool(name: string): BackendPool | undefined {
    return this.held.get(name)?.pool;
  }

  /** The pools from now on. Throws, and changes nothing, when a resolver cannot be opened. */
  update(entries: ReadonlyMap<string, BackendEntry>): void {
    const next = new Map<string, HeldPool>();
    const changed: (() => void)[] = [];
    for (const [name, entry] of entries) {
      const before = this.held.get(name);
      const hosts = listOf(entry.hosts);
      if (before === undefined || before.sameness !== samenessOf(entry)) {
        next.set(name, this.open(entry));
        continue;
      }
      next.set(name, before);
      if (before.hosts === hosts) continue;
      changed.push(() => {
        before.hosts = hosts;
        before.listed?.set(name, instancesOf(entry.hosts));
      });
    }
    this.held = next;
    this.all = Array.from(next.values(), ({ pool }) => pool);
    for (const change of changed) change();
  }

  private open(entry: BackendEntry): HeldPool {
    const { name, user, hostKeys, key, hosts } = entry;
    const listed =
      hosts.kind === "listed"
        ? new StaticResolver(this.clock, { [name]: instancesOf(hosts) })
        : undefined;
    const resolver = listed ?? this.openService(entry);
    const pool: BackendPool = { name, resolver, user, hostKeys, key };
    return { pool, listed, sameness: samenessOf(entry), hosts: listOf(hosts) };
  }

  private openService({ name, hosts }: BackendEntry): Resolver {
    if (hosts.kind !== "service") throw new TypeError("not a service");
    const { from, service } = hosts;
    try {
      return new NamedServiceResolver(this.openResolver(from, service), service);
    } catch (error) {
      const { message } = ServiceError.from(error);
      throw new ServiceError("invalid", `/backends/${name}/from: ${message}`, { cause: error });
    }
  }
}

function samenessOf({ hosts, user, hostKeys, key }: BackendEntry): string {
  return JSON.stringify([hosts.kind === "service" ? hosts : "listed", user, hostKeys, key]);
}

function listOf(hosts: HostsEntry): string {
  return hosts.kind === "listed" ? hosts.addresses.map(formatAddress).join() : "";
}

function instancesOf(hosts: HostsEntry): ReturnType<typeof instanceAt>[] {
  return hosts.kind === "listed" ? hosts.addresses.map((address) => instanceAt(address)) : [];
}

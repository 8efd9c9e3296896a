/**
 * Which host of a pool is dialled: of two drawn at random the one with fewer sessions, among those
 * that are well and whose breakers allow it.
 *
 * Why all of them when none is well, and not none? Because what says so may be wrong (the check's
 * own way there, a limit on connections that are only looked at, a minute of bad dials), and then
 * refusing turns a doubt into an outage. Who is refused has certainly lost; who dials a host that
 * is down loses some seconds and is told the same.
 */
import {
  type Balancer,
  type BreakerTable,
  type Clock,
  type Context,
  createContext,
  formatAddress,
  type Instance,
  leastLoaded,
  type Logger,
  type Network,
  type Random,
  type Resolution,
  type ResolverWatch,
} from "holdfast";
import type { BackendPool } from "../../routing/backend-pools.ts";
import type { PickedHost } from "../backend-connections.ts";
import { type HealthState, HostHealth } from "./host-health.ts";
import type { HostChoiceOptions } from "./options.ts";
import { PoolHost } from "./pool-host.ts";

export interface HostChoiceParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly logger: Logger;
  /** Where the breaker of each host shows. */
  readonly breakers: BreakerTable;
}

/** Hosts of one pool in a snapshot. */
const SHOWN_MAX = 100;

export class HostChoice {
  readonly pool: BackendPool;
  /** Resolves with the first list of hosts; stays open when none ever comes. */
  readonly listed: Promise<void>;
  private readonly parts: HostChoiceParts;
  private readonly options: HostChoiceOptions;
  private readonly balancer: Balancer<PoolHost>;
  private readonly random: Random;
  /** Balancers want one, for policies that are not used here. */
  private readonly context: Context;
  private readonly watch: ResolverWatch;
  private readonly onListed: () => void;
  private hosts: readonly PoolHost[] = [];
  /** Picks of a host that is not well, because there was no other. */
  private desperateCount = 0;
  private desperate = false;

  constructor(pool: BackendPool, parts: HostChoiceParts, options: HostChoiceOptions) {
    this.pool = pool;
    this.parts = parts;
    this.options = options;
    this.random = parts.random.stream(`hosts of ${pool.name}`);
    this.balancer = leastLoaded()<PoolHost>({ random: this.random });
    this.context = createContext({ clock: parts.clock });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.listed = promise;
    this.onListed = resolve;
    this.watch = pool.resolver.watch(pool.name, (resolution) => this.update(resolution));
  }

  /** `leaveOut`: addresses as `formatAddress` writes them. Undefined when no other is left. */
  pick(leaveOut: ReadonlySet<string>): PickedHost | undefined {
    const well = this.hosts.filter((host) => host.usable);
    this.noteDesperate(this.hosts.length > 0 && well.length === 0);
    const usable = well.filter(({ id }) => !leaveOut.has(id));
    const among = usable.length > 0 ? usable : this.hosts.filter(({ id }) => !leaveOut.has(id));
    if (among.length === 0) return undefined;
    if (usable.length === 0) this.desperateCount++;
    const chosen = new Set(among);
    const avoided = this.hosts.filter((host) => !chosen.has(host)).map(({ id }) => id);
    const nowMs = this.parts.clock.nowMs();
    return this.balancer.pick(this.context, undefined, avoided, nowMs)?.take();
  }

  /** No more checks; hosts that are in use go on. */
  close(): void {
    this.watch.close();
    for (const host of this.hosts) this.drop(host);
    this.hosts = [];
  }

  /** Cheap, and bounded in size. */
  snapshot(): Record<string, unknown> {
    const { pool, hosts, desperateCount } = this;
    const { stale = null } = this.watch.current ?? { stale: "no list has come yet" };
    const shown = hosts.slice(0, SHOWN_MAX).map((host) => ({
      address: host.id,
      sessions: host.inFlight,
      health: host.health.state,
      lastCheck: host.health.why,
      checkedAgoMs: Math.round(host.health.checkedAgoMs ?? -1),
      breaker: host.breaker.stateKind,
    }));
    const counts = { hostCount: hosts.length, picksWithoutHealthyHost: desperateCount };
    return { pool: pool.name, resolver: pool.resolver.name, stale, ...counts, hosts: shown };
  }

  private update({ instances }: Resolution): void {
    const before = new Map(this.hosts.map((host) => [host.id, host]));
    const hosts = new Map<string, PoolHost>();
    for (const instance of weighted(instances).slice(0, this.options.hostsMax)) {
      const id = formatAddress(instance.address);
      if (hosts.has(id)) continue;
      const host = before.get(id) ?? this.create({ ...instance, id });
      host.weight = instance.weight;
      hosts.set(id, host);
    }
    for (const [id, host] of before) {
      if (!hosts.has(id)) this.drop(host);
    }
    this.hosts = [...hosts.values()];
    this.balancer.update(
      this.hosts,
      this.hosts.map(({ instance }) => instance),
    );
    this.onListed();
  }

  private create(instance: Instance): PoolHost {
    const { pool, options, random } = this;
    const { id, weight, address } = instance;
    const { clock, network, breakers } = this.parts;
    const site = { caller: "ssh-proxy", callee: pool.name, method: "", instance: id };
    const onChange = (state: HealthState, why: string): void => this.onHealth(id, state, why);
    const health = new HostHealth({ network, clock, random, address, options, onChange });
    const breaker = breakers.create(site, options.breaker);
    return new PoolHost(instance, weight, breaker, health, () => this.watch.refresh?.());
  }

  private drop(host: PoolHost): void {
    host.health.stop();
    this.parts.breakers.remove(host.breaker);
  }

  private onHealth(address: string, state: HealthState, why: string): void {
    const fields = { pool: this.pool.name, address, why };
    if (state === "healthy") this.parts.logger.info("backend host is well again", fields);
    else this.parts.logger.warn("backend host is not well", fields);
  }

  private noteDesperate(desperate: boolean): void {
    if (desperate && !this.desperate) {
      const { name: pool } = this.pool;
      this.parts.logger.warn("no host of the pool is well; all are tried", { pool });
    }
    this.desperate = desperate;
  }
}

/** Without those that are to get nothing, unless all are. */
function weighted(instances: readonly Instance[]): readonly Instance[] {
  const some = instances.filter(({ weight }) => weight > 0);
  return some.length > 0 ? some : instances.map((instance) => ({ ...instance, weight: 1 }));
}

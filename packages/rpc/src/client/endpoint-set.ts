/**
 * The instances of one service, kept in step with a resolver: a call is given to the one that the
 * balancer picks, and to another when that did not take it.
 */
import {
  avoidedInstancesKey,
  type Balancer,
  type Clock,
  type CreateBalancer,
  formatAddress,
  type Instance,
  type Logger,
  type Resolution,
  type Resolver,
  type ResolverWatch,
  ServiceError,
  type StatsRegistry,
} from "@holdfast/core";
import type { BreakerTable } from "@holdfast/resilience";
import { type SubsetOptions, subsetOf } from "../balance/subset.ts";
import type { BalancedTry, TryHome } from "./balanced-try.ts";
import type { BalanceOptions } from "./balance-options.ts";
import { type Blame, blameFor, withInstance } from "./blame.ts";
import type { Try, TryOwner } from "./client-call.ts";
import { eject } from "./ejection.ts";
import { Endpoint, type EndpointOwner, type EndpointParts } from "./endpoint.ts";
import { type InstanceCounts, showInstanceStats } from "./instance-stats.ts";
import type { PoolParts } from "./pool.ts";
import { Probes } from "./probes.ts";

export interface EndpointSetParts {
  readonly resolver: Resolver;
  /** As the resolver knows it. */
  readonly service: string;
  readonly balancer: CreateBalancer;
  readonly balance: BalanceOptions;
  readonly breakers: BreakerTable;
  /** Default: all that are listed are used. */
  readonly subset: SubsetOptions | undefined;
  /** The service that calls. */
  readonly caller: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pool: Omit<PoolParts, "address" | "watcher">;
}

export class EndpointSet implements TryHome, TryOwner, EndpointOwner {
  private readonly parts: EndpointSetParts;
  private readonly endpointParts: EndpointParts;
  private readonly balancer: Balancer<Endpoint>;
  private readonly watch: ResolverWatch;
  private readonly unwatchPosition: (() => void) | undefined;
  private resolution: Resolution | undefined = undefined;
  /** Of the list, by id. */
  private endpoints = new Map<string, Endpoint>();
  /** Off the list, with calls at work. */
  private readonly leaving = new Set<Endpoint>();
  private readonly probes = new Probes();
  /** Calls made before the first list. */
  private readonly waiting = new Set<Try>();
  /** When the balancer must be told anew, on the clock's `nowMs()` scale. */
  private updateDueMs = Infinity;
  private moves = 0;
  private closed: ServiceError | undefined = undefined;

  constructor(parts: EndpointSetParts) {
    this.parts = parts;
    const { clock, logger, balance, pool, breakers } = parts;
    const site = { caller: parts.caller, callee: parts.service };
    this.endpointParts = { owner: this, clock, logger, balance, pool, breakers, site };
    this.balancer = parts.balancer({ random: pool.random.stream("balancer") });
    this.watch = parts.resolver.watch(parts.service, (resolution) => this.onList(resolution));
    this.unwatchPosition = parts.subset?.position?.watch(() => this.onPosition());
  }

  send(attempt: BalancedTry): void {
    const nowMs = this.parts.clock.nowMs();
    if (nowMs >= this.updateDueMs) this.update(nowMs);
    const { context, call } = attempt;
    const avoided = attempt.refusedBy ?? context.get(avoidedInstancesKey);
    const endpoint =
      (nowMs >= this.probes.dueMs ? this.probes.take(call, avoided, nowMs) : undefined) ??
      this.balancer.pick(context, call, avoided, nowMs);
    if (endpoint === undefined) this.withoutInstance(attempt);
    else endpoint.send(attempt, nowMs);
  }

  close(): void {
    this.stop();
    for (const endpoint of [...this.endpoints.values(), ...this.leaving]) endpoint.close();
  }

  /** Lets calls at work end; new ones are refused. */
  leave(): void {
    const reason = this.stop();
    for (const endpoint of this.endpoints.values()) endpoint.leave(reason);
  }

  onTryFailed(attempt: BalancedTry, error: unknown, answered: boolean): void {
    const { endpoint } = attempt;
    attempt.endpoint = undefined;
    if (endpoint === undefined) return attempt.failForGood(error);
    const blame = blameFor(error, answered, attempt.waited);
    endpoint.onFailed(attempt, blame);
    if (!(error instanceof ServiceError)) return attempt.failForGood(error);
    if (blame === "unreachable") this.watch.refresh?.();
    const { id } = endpoint.instance;
    if (wasNotTaken(error, answered) && this.moveOn(attempt, id)) return;
    attempt.failForGood(BLAMELESS.has(blame) ? error : withInstance(error, id));
  }

  /** The connection went away before the try was on it, or the server said so. */
  onMoved(attempt: BalancedTry): void {
    const { endpoint } = attempt;
    attempt.endpoint = undefined;
    endpoint!.onTakenBack(attempt);
    // To the same instance again when there is no other: a successor may listen there.
    this.avoid(attempt, endpoint!.instance.id);
    this.moves++;
    this.send(attempt);
  }

  /** A call that waits for the first list gave up. */
  onTryCancelled(attempt: Try, reason: ServiceError): void {
    this.waiting.delete(attempt);
    const { resolver, service } = this.parts;
    const message = `${reason.message}; ${resolver.name} has no list of ${service} yet`;
    attempt.fail(new ServiceError(reason.code, message, { workStarted: "no" }));
  }

  onHealth(endpoint: Endpoint): void {
    this.updateDueMs = -Infinity;
    if (endpoint.badSinceMs !== Infinity) this.watch.refresh?.();
  }

  /** Shows its numbers among the metrics until what is returned is called. */
  showStats(stats: StatsRegistry): () => void {
    return showInstanceStats(stats, this.parts.service, () => this.counts());
  }

  snapshot(): Record<string, unknown> {
    const { parts, waiting, balancer } = this;
    const nowMs = parts.clock.nowMs();
    if (nowMs >= this.updateDueMs) this.update(nowMs);
    return {
      service: parts.service,
      resolver: parts.resolver.name,
      ...this.counts(),
      stale: this.list?.stale ?? "",
      waiting: waiting.size,
      balancer: { name: balancer.name, ...balancer.snapshot() },
      leaving: this.leaving.size,
      instances: [...this.endpoints.values()].map((endpoint) => endpoint.snapshot()),
    };
  }

  private counts(): InstanceCounts {
    const all = [...this.endpoints.values()];
    const { list, moves } = this;
    const ageMs = list === undefined ? -1 : this.parts.clock.nowMs() - list.confirmedMs;
    return {
      listed: all.length,
      ejected: all.filter(({ ejected }) => ejected).length,
      unreachable: all.filter(({ isUnreachable }) => isUnreachable).length,
      listAgeMs: Math.round(ageMs),
      moves,
    };
  }

  /** A resolver that has confirmed its list since tells nobody, but knows. */
  private get list(): Resolution | undefined {
    return this.watch.current ?? this.resolution;
  }

  private stop(): ServiceError {
    this.closed ??= clientClosed();
    this.watch.close();
    this.unwatchPosition?.();
    this.failWaiting(this.closed);
    return this.closed;
  }

  /** The resolver's list has changed, or what it says of it. */
  private onList(resolution: Resolution): void {
    if (this.closed !== undefined) return;
    const before = this.resolution;
    this.resolution = resolution;
    if (before?.instances === resolution.instances) return;
    const nowMs = this.parts.clock.nowMs();
    // All of the first list are as warm as each other.
    this.keepStep(resolution.instances, before === undefined ? -Infinity : nowMs);
    const waiting = this.takeWaiting();
    for (const attempt of waiting) this.send(attempt as BalancedTry);
  }

  /** Another caller came or went: this one has another part of the list. */
  private onPosition(): void {
    if (this.closed !== undefined || this.resolution === undefined) return;
    this.keepStep(this.resolution.instances, this.parts.clock.nowMs());
  }

  private keepStep(listed: readonly Instance[], warmFromMs: number): void {
    const { balance, subset } = this.parts;
    const kept = listed.slice(0, balance.instancesMax);
    const before = this.endpoints;
    this.endpoints = new Map();
    for (const instance of subset === undefined ? kept : subsetOf(kept, subset)) {
      if (this.endpoints.has(instance.id)) continue;
      const known = before.get(instance.id);
      if (known !== undefined && sameAddress(known.instance, instance)) {
        known.instance = instance;
        before.delete(instance.id);
        this.endpoints.set(instance.id, known);
      } else {
        const endpoint = new Endpoint(this.endpointParts, instance, warmFromMs);
        this.endpoints.set(instance.id, endpoint);
      }
    }
    for (const each of this.leaving) if (each.idle) this.leaving.delete(each);
    this.logChange(before);
    for (const endpoint of before.values()) this.leaving.add(endpoint);
    // Last: calls that wait there go to those that are listed now.
    this.update(this.parts.clock.nowMs());
    for (const endpoint of before.values()) endpoint.leave(offTheList(endpoint.instance));
  }

  /** `gone` are those that are not listed any more. */
  private logChange(gone: ReadonlyMap<string, Endpoint>): void {
    const { logger, service, resolver } = this.parts;
    logger.info("instances listed", {
      service,
      resolver: resolver.name,
      count: this.endpoints.size,
      instances: [...this.endpoints.keys()].slice(0, LOGGED_MAX),
      gone: [...gone.keys()].slice(0, LOGGED_MAX),
    });
  }

  /** Tells the balancer who is there, who is well, and how much each can take. */
  private update(nowMs: number): void {
    const { balance } = this.parts;
    const all = [...this.endpoints.values()].filter(({ instance }) => instance.weight > 0);
    let warmerMs = Infinity;
    for (const endpoint of all) warmerMs = Math.min(warmerMs, endpoint.warmUp(nowMs));
    this.updateDueMs = Math.max(warmerMs, nowMs + WARM_UP_PERIOD_MS);
    const used = eject(all, balance.ejectedMaxRatio);
    this.balancer.update(
      used,
      all.map(({ instance }) => instance),
    );
    this.probes.update(
      all.filter(({ badSinceMs }) => badSinceMs !== Infinity),
      nowMs,
    );
  }

  /** Gives it to another instance than it has been given to; false when there is none. */
  private moveOn(attempt: BalancedTry, instanceId: string): boolean {
    if (this.closed !== undefined || attempt.scope.ended !== undefined) return false;
    const refusedBy = this.avoid(attempt, instanceId);
    if (refusedBy.length > this.parts.balance.movesMax) return false;
    const nowMs = this.parts.clock.nowMs();
    if (nowMs >= this.updateDueMs) this.update(nowMs);
    const { context, call } = attempt;
    const endpoint = this.balancer.pick(context, call, refusedBy, nowMs);
    if (endpoint === undefined || refusedBy.includes(endpoint.instance.id)) return false;
    this.moves++;
    endpoint.send(attempt, nowMs);
    return true;
  }

  private avoid(attempt: BalancedTry, instanceId: string): string[] {
    attempt.refusedBy ??= [...attempt.context.get(avoidedInstancesKey)];
    attempt.refusedBy.push(instanceId);
    return attempt.refusedBy;
  }

  /** Waits for the first list; an empty list is no reason to wait. */
  private withoutInstance(attempt: BalancedTry): void {
    const refusal = this.refusal();
    if (refusal !== undefined) {
      attempt.fail(refusal);
      return;
    }
    attempt.owner = this;
    this.waiting.add(attempt);
    attempt.scope.listen(attempt);
  }

  private refusal(): ServiceError | undefined {
    const { parts, closed } = this;
    const resolution = this.list;
    const { resolver, service, balance } = parts;
    if (closed !== undefined) return closed;
    if (resolution !== undefined) {
      this.watch.refresh?.();
      const ageMs = Math.round(parts.clock.nowMs() - resolution.confirmedMs);
      const what = resolution.instances.length === 0 ? "no instance" : "no instance with a weight";
      const why = resolution.stale === undefined ? "" : `, stale: ${resolution.stale}`;
      const message = `${resolver.name} lists ${what} of ${service}; its list is ${ageMs} ms old`;
      return new ServiceError("unavailable", `${message}${why}`, { workStarted: "no" });
    }
    if (this.waiting.size >= balance.waitingMax) {
      const message = `${balance.waitingMax} calls wait for ${resolver.name} to list ${service}`;
      return new ServiceError("overloaded", message, { workStarted: "no" });
    }
    return undefined;
  }

  private takeWaiting(): Try[] {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const attempt of waiting) attempt.scope.unlisten(attempt);
    return waiting;
  }

  private failWaiting(error: ServiceError): void {
    for (const attempt of this.takeWaiting()) attempt.fail(error);
  }
}

/** A thousand that warm up have a step each millisecond or so; no more updates than this. */
const WARM_UP_PERIOD_MS = 100;
/** The instance did not fail the call. */
const BLAMELESS: ReadonlySet<Blame> = new Set(["answer", "nobody", "given-up"]);
/** Instances in one line of the log. */
const LOGGED_MAX = 20;

/** Nothing of it is at work there, and the instance does not want it. */
function wasNotTaken({ code, workStarted }: ServiceError, answered: boolean): boolean {
  if (workStarted !== "no") return false;
  // A refusal that the instance spent work on is the retry filter's to count.
  return code === "draining" || (!answered && (code === "unavailable" || code === "overloaded"));
}

function sameAddress(one: Instance, two: Instance): boolean {
  return formatAddress(one.address) === formatAddress(two.address);
}

function offTheList({ id }: Instance): ServiceError {
  return new ServiceError("unavailable", `${id} is not listed any more`, { workStarted: "no" });
}

function clientClosed(): ServiceError {
  return new ServiceError("cancelled", "the client was closed", { workStarted: "no" });
}

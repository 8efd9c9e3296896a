/**
 * Follows one service in Consul: asks, lets Consul hold the question back until something changes,
 * and asks again. When Consul does not answer, the last list stays and says so.
 */
import {
  type Clock,
  type Context,
  createContext,
  type Logger,
  type Random,
  type Resolution,
  ServiceError,
} from "@holdfast/core";
import { Backoff } from "../backoff.ts";
import type { HttpReply } from "../http/http-transport.ts";
import { pause } from "../pause.ts";
import type { ConsulAgent, ConsulAgents } from "./agent.ts";
import { consulHidden, consulWithoutLeader, notConsul } from "./error.ts";
import { type HealthAnswer, readHealth } from "./health.ts";
import { InstanceView } from "./instance-view.ts";
import { OutageLog } from "./outage-log.ts";
import type { ConsulResolverOptions } from "./resolver-options.ts";
import { sameInstances } from "./same-instances.ts";

/** Consul adds up to a sixteenth of the time that it was asked to wait. */
const WAIT_ADDED_BY_CONSUL = 1 / 16;
/** What chance takes off `waitMs`, so that a thousand callers do not ask in the same moment. */
const WAIT_JITTER = 1 / 4;
/** Between two logged failures of one outage. */
const LOG_INTERVAL_MS = 30_000;

export interface ServiceWatchInput {
  readonly service: string;
  readonly agents: ConsulAgents;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options: ConsulResolverOptions;
  readonly onChange: (resolution: Resolution) => void;
}

export interface ServiceWatchSnapshot {
  readonly service: string;
  readonly instances: number;
  /** Since Consul last confirmed the list; undefined before the first. */
  readonly ageMs: number | undefined;
  readonly stale: string | undefined;
  readonly index: number;
  readonly queries: number;
  readonly failures: number;
}

export class ServiceWatch {
  private readonly input: ServiceWatchInput;
  private readonly context: Context;
  private readonly cancel: (reason: ServiceError) => void;
  private readonly view: InstanceView;
  private readonly failureBackoff: Backoff;
  /** For a Consul that answers at once although nothing is new. */
  private readonly idleBackoff: Backoff;
  private readonly outage: OutageLog;
  private resolution: Resolution | undefined = undefined;
  /** What `stale` is about: texts may differ in a number only. */
  private staleKind = "";
  /** The index of the last answer, and what is asked with: 0 asks for an answer at once. */
  private lastIndex = 0;
  private askIndex = 0;
  private doubtUntilMs = Infinity;
  private withoutPort = 0;
  private queries = 0;
  private failures = 0;

  constructor(input: ServiceWatchInput) {
    const { clock, random, options, service, agents } = input;
    this.input = input;
    const { context, cancel } = createContext({ clock }).withCancel();
    this.context = context;
    this.cancel = cancel;
    this.view = new InstanceView(options);
    const { backoffMinMs, backoffMaxMs, queryIntervalMinMs } = options;
    this.failureBackoff = new Backoff({ minMs: backoffMinMs, maxMs: backoffMaxMs }, random);
    this.idleBackoff = new Backoff(
      { minMs: queryIntervalMinMs, maxMs: Math.max(queryIntervalMinMs, backoffMaxMs) },
      random,
    );
    const logger = input.logger.child({ consul: agents.addresses, service });
    this.outage = new OutageLog(logger, clock, LOG_INTERVAL_MS);
  }

  get current(): Resolution | undefined {
    return this.resolution;
  }

  /** Asks until it is closed. Never rejects. */
  async run(): Promise<void> {
    while (this.context.cancelled === undefined) await this.step();
  }

  close(): void {
    this.cancel(new ServiceError("cancelled", "nobody watches the service any more"));
  }

  snapshot(): ServiceWatchSnapshot {
    const { resolution, lastIndex: index, queries, failures } = this;
    return {
      service: this.input.service,
      instances: resolution?.instances.length ?? 0,
      ageMs: resolution && this.input.clock.nowMs() - resolution.confirmedMs,
      stale: resolution?.stale,
      index,
      queries,
      failures,
    };
  }

  /** One question, what becomes of it, and the pause after it. */
  private async step(): Promise<void> {
    const { agents, clock, options } = this.input;
    const agent = agents.current;
    const startMs = clock.nowMs();
    let delayMs: number;
    try {
      delayMs = (await this.ask(agent)) ? 0 : this.idleBackoff.next();
      if (delayMs === 0) this.idleBackoff.reset();
      this.failureBackoff.reset();
    } catch (thrown) {
      if (this.context.cancelled !== undefined) return;
      const error = ServiceError.from(thrown);
      agents.failed(agent, error);
      this.onFailure(error);
      delayMs = this.failureBackoff.next();
    }
    const spentMs = clock.nowMs() - startMs;
    await pause(this.context, Math.max(delayMs, options.queryIntervalMinMs - spentMs));
  }

  /** False when the answer came at once and was not asked for. */
  private async ask(agent: ConsulAgent): Promise<boolean> {
    const { clock, service, options } = this.input;
    const { askIndex } = this;
    const startMs = clock.nowMs();
    const waitMs = askIndex === 0 ? 0 : this.nextWaitMs();
    this.queries++;
    const reply = await agent.send(this.context, {
      method: "GET",
      path: `/v1/health/service/${encodeURIComponent(service)}`,
      query: this.queryOf(askIndex, waitMs),
      timeoutMs: options.requestTimeoutMs + waitMs * (1 + WAIT_ADDED_BY_CONSUL),
    });
    const answer = this.read(agent, reply);
    const index = readIndex(agent, reply);
    const isNews = index !== askIndex || clock.nowMs() - startMs >= waitMs / 2;
    this.onAnswer(answer, index);
    return isNews;
  }

  private nextWaitMs(): number {
    const { clock, random, options } = this.input;
    const waitMs = options.waitMs * (1 - random.next() * WAIT_JITTER);
    // Consul takes no wait below a millisecond.
    return Math.max(10, Math.ceil(Math.min(waitMs, this.doubtUntilMs - clock.nowMs())));
  }

  private queryOf(index: number, waitMs: number): [string, string][] {
    const { datacenter, tags, staleReads } = this.input.options;
    return [
      ...(index === 0
        ? []
        : ([
            ["index", `${index}`],
            ["wait", `${waitMs}ms`],
          ] as [string, string][])),
      ...(datacenter === "" ? [] : ([["dc", datacenter]] as [string, string][])),
      ...tags.map((tag): [string, string] => ["tag", tag]),
      ...(staleReads ? ([["stale", ""]] as [string, string][]) : []),
    ];
  }

  private read(agent: ConsulAgent, { headers, body }: HttpReply): HealthAnswer {
    const { service, options } = this.input;
    // A server on its own knows only what it knew, which may be nothing: that is no list.
    if (lacksLeader(headers)) throw consulWithoutLeader(agent.name);
    const answer = readHealth(body, { service, zoneMetaKey: options.zoneMetaKey });
    if (headers["x-consul-results-filtered-by-acls"] === "true" && answer.entries.size === 0) {
      throw consulHidden(agent.name, service);
    }
    this.warnOfMissingPorts(answer.withoutPort);
    return answer;
  }

  /** Once, and not with every answer. */
  private warnOfMissingPorts(withoutPort: number): void {
    const { service, logger } = this.input;
    if (withoutPort > this.withoutPort) {
      logger.warn("instances without a port are left out", { service, withoutPort });
    }
    this.withoutPort = withoutPort;
  }

  private onAnswer(answer: HealthAnswer, index: number): void {
    const nowMs = this.input.clock.nowMs();
    if (this.outage.isOn) this.view.returned(nowMs);
    if (index < this.lastIndex) {
      this.view.restored(nowMs);
      this.input.logger.warn("consul's index went back", {
        service: this.input.service,
        index,
        lastIndex: this.lastIndex,
      });
    }
    // After it went back nothing is known of what happened in between: asked at once.
    this.askIndex = index < this.lastIndex ? 0 : index;
    this.lastIndex = index;
    const { instances, doubted, untilMs } = this.view.judge(answer, nowMs);
    this.doubtUntilMs = untilMs;
    this.outage.ended({ instances: instances.length, doubted });
    const stale = doubtText(doubted, instances.length);
    this.show({ instances, confirmedMs: nowMs, stale }, stale === undefined ? "" : "doubt");
  }

  private onFailure(error: ServiceError): void {
    this.failures++;
    // Whatever it had, it may come back with less.
    this.askIndex = 0;
    const { resolution } = this;
    const ageMs = resolution && this.input.clock.nowMs() - resolution.confirmedMs;
    this.outage.failed(
      resolution === undefined
        ? "consul does not answer; waiting for the first list"
        : "consul does not answer; the last list stays",
      error,
      { instances: resolution?.instances.length, ageMs },
    );
    if (resolution !== undefined) this.show({ ...resolution, stale: error.message }, error.code);
  }

  /** Tells of a list that differs, and of a source that is lost, found, or lost in another way. */
  private show(next: Resolution, staleKind: string): void {
    const before = this.resolution;
    const same = before !== undefined && sameInstances(before.instances, next.instances);
    // The same array: whoever compares by identity sees that nothing changed.
    this.resolution = same ? { ...next, instances: before.instances } : next;
    const isNews = !same || staleKind !== this.staleKind;
    this.staleKind = staleKind;
    if (isNews) this.input.onChange(this.resolution);
  }
}

function doubtText(doubted: number, instances: number): string | undefined {
  if (doubted === 0) return undefined;
  return (
    `consul stopped vouching for ${doubted} of ${instances} instances while it is in doubt ` +
    "itself: they are kept for a while"
  );
}

/**
 * What an agent streams from the servers never says that there is a leader (Consul 1.20.1), and
 * needs none: it starts from a list that one gave.
 */
function lacksLeader(headers: HttpReply["headers"]): boolean {
  if (headers["x-consul-query-backend"] === "streaming") return false;
  return headers["x-consul-knownleader"] === "false";
}

function readIndex(agent: ConsulAgent, { headers }: HttpReply): number {
  const text = headers["x-consul-index"] ?? "";
  const index = Number(text);
  if (!/^\d{1,20}$/.test(text)) throw notConsul(agent.name, "it sends no X-Consul-Index");
  // 0 would ask without waiting, again and again.
  return Math.max(1, index);
}

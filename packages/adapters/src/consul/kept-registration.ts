/**
 * One registration from its first try to its end: made, vouched for, made again when the agent has
 * forgotten it or is gone, and taken back.
 */
import {
  type Clock,
  type Context,
  createContext,
  type Instance,
  type Logger,
  type Random,
  type Registration,
  ServiceError,
} from "@holdfast/core";
import { Backoff } from "../backoff.ts";
import { pause } from "../pause.ts";
import type { ConsulAgent, ConsulAgents, ConsulRequest } from "./agent.ts";
import { serviceIdOf } from "./health.ts";
import { OutageLog } from "./outage-log.ts";
import { type ConsulRegistrarOptions, keepIntervalMsOf } from "./registrar-options.ts";
import { checkIdOf } from "./registration-body.ts";

/** Between two logged failures of one outage. */
const LOG_INTERVAL_MS = 30_000;
/** For an agent that had the registration once and may be gone: a drain does not wait for it. */
const ASIDE_TIMEOUT_MS = 1_000;
/** What an agent shows beside the check; always the same, so that it changes nothing in Consul. */
const WELL = "the process says that it is well";

export interface KeptRegistrationInput {
  readonly service: string;
  readonly instance: Instance;
  readonly body: object;
  readonly agents: ConsulAgents;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options: ConsulRegistrarOptions;
}

export interface RegistrationSnapshot {
  readonly service: string;
  readonly id: string;
  /** The agent that has it now; undefined while none does. */
  readonly agent: string | undefined;
  /** Since Consul last took it or a sign of life; undefined before the first time. */
  readonly keptAgoMs: number | undefined;
  readonly state: "registering" | "kept" | "ending" | "ended";
  /** How many times it had to be made again. */
  readonly again: number;
}

export class KeptRegistration implements Registration {
  /** Resolves when Consul has it for the first time; rejects when it ends before that. */
  readonly made: Promise<void>;
  private readonly input: KeptRegistrationInput;
  /** What ends the requests, and what ends the pauses between them. */
  private readonly requests: ReturnType<Context["withCancel"]>;
  private readonly resting: ReturnType<Context["withCancel"]>;
  private readonly logger: Logger;
  private readonly backoff: Backoff;
  private readonly outage: OutageLog;
  private readonly settleMade: PromiseWithResolvers<void>;
  /** Every agent that was asked to take it: each is told at the end. */
  private readonly asked = new Set<ConsulAgent>();
  private holder: ConsulAgent | undefined = undefined;
  private keptMs: number | undefined = undefined;
  private times = 0;
  private loop: Promise<void> | undefined = undefined;
  private ending: Promise<void> | undefined = undefined;
  private ended = false;

  constructor(input: KeptRegistrationInput) {
    const { clock, random, options, service, instance, agents } = input;
    this.input = input;
    this.requests = createContext({ clock }).withCancel();
    this.resting = createContext({ clock }).withCancel();
    this.logger = input.logger.child({ consul: agents.addresses, service, id: instance.id });
    this.outage = new OutageLog(this.logger, clock, LOG_INTERVAL_MS);
    const { backoffMinMs, backoffMaxMs, check } = options;
    // Not slower than when all is well: a TTL may be running out.
    const maxMs = Math.max(backoffMinMs, Math.min(backoffMaxMs, keepIntervalMsOf(check)));
    this.backoff = new Backoff({ minMs: backoffMinMs, maxMs }, random);
    this.settleMade = Promise.withResolvers<void>();
    this.made = this.settleMade.promise;
    // Whoever waits hears of it; a registration that was given up must not end the process.
    this.made.catch(() => undefined);
  }

  start(): void {
    this.loop = this.run();
  }

  deregister(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  snapshot(): RegistrationSnapshot {
    const { input, holder, keptMs, times } = this;
    return {
      service: input.service,
      id: input.instance.id,
      agent: holder?.name,
      keptAgoMs: keptMs === undefined ? undefined : input.clock.nowMs() - keptMs,
      state: this.state,
      again: Math.max(0, times - 1),
    };
  }

  private get state(): RegistrationSnapshot["state"] {
    if (this.ended) return "ended";
    if (this.ending !== undefined) return "ending";
    return this.holder === undefined ? "registering" : "kept";
  }

  private async run(): Promise<void> {
    while (this.ending === undefined) await this.step();
  }

  /** One request, and the pause after it. */
  private async step(): Promise<void> {
    const { agents, clock } = this.input;
    const agent = this.holder ?? agents.current;
    try {
      await (this.holder === undefined ? this.register(agent) : this.vouch(agent));
      this.keptMs = clock.nowMs();
      this.outage.ended({ agent: agent.name });
      this.backoff.reset();
      await pause(this.resting.context, this.keepIntervalMs());
    } catch (thrown) {
      if (this.ending !== undefined) return;
      const delayMs = this.onFailure(agent, ServiceError.from(thrown));
      await pause(this.resting.context, delayMs);
    }
  }

  private async register(agent: ConsulAgent): Promise<void> {
    this.asked.add(agent);
    await agent.send(this.requests.context, {
      method: "PUT",
      path: "/v1/agent/service/register",
      query: [["replace-existing-checks", "true"]],
      body: this.input.body,
    });
    this.holder = agent;
    this.times++;
    this.logger.info("registered with consul", { agent: agent.name, times: this.times });
    this.settleMade.resolve();
  }

  /** Tells the agent that all is well, or asks whether it still has the registration. */
  private async vouch(agent: ConsulAgent): Promise<void> {
    const { service, instance, options } = this.input;
    const request: ConsulRequest =
      options.check.kind === "ttl"
        ? {
            method: "PUT",
            path: `/v1/agent/check/update/${encodeURIComponent(checkIdOf(service, instance.id))}`,
            body: { Status: "passing", Output: WELL },
          }
        : { method: "GET", path: this.servicePath("/v1/agent/service/") };
    await agent.send(this.requests.context, request);
  }

  /** Milliseconds until the next try. */
  private onFailure(agent: ConsulAgent, error: ServiceError): number {
    const { agents } = this.input;
    if (error.code === "not-found" && this.holder !== undefined) {
      this.logger.warn("consul has forgotten this instance; registering again", {
        agent: agent.name,
        reason: error.message,
      });
      this.holder = undefined;
      return 0;
    }
    const message =
      this.times === 0
        ? "consul does not take the registration; trying again"
        : "consul does not hear that this instance is well; trying again";
    this.outage.failed(message, error, { agent: agent.name });
    const delayMs = this.backoff.next();
    // One failure may be a moment's; a second one is reason to go to another agent.
    if (this.holder === undefined || this.backoff.failureCount > 1) {
      agents.failed(agent, error);
      if (agents.current !== agent) this.holder = undefined;
    }
    return delayMs;
  }

  private keepIntervalMs(): number {
    // Never later than it should be; a tenth sooner by chance, so that processes spread out.
    return keepIntervalMsOf(this.input.options.check) * (1 - this.input.random.next() / 10);
  }

  private async end(): Promise<void> {
    const { clock, options } = this.input;
    const { deregisterTimeoutMs, deregisterSettleMs } = options;
    const { context, cancel } = createContext({ clock }).withCancel();
    const timed = context.withTimeout(deregisterTimeoutMs);
    const reason = new ServiceError("cancelled", "the registration was taken back");
    this.settleMade.reject(reason);
    this.resting.cancel(reason);
    // What is on its way arrives first, or it would undo what comes now; half the time is for it.
    await Promise.race([this.loop, pause(timed, deregisterTimeoutMs / 2)]);
    this.requests.cancel(reason);
    await this.loop;
    const told = await this.takeBackEverywhere(timed);
    this.ended = true;
    if (told) await pause(context, deregisterSettleMs);
    cancel(reason);
  }

  /** Whether the agent that had it knows; the others are told if they hear it. */
  private async takeBackEverywhere(context: Context): Promise<boolean> {
    const { holder } = this;
    const others = [...this.asked].filter((agent) => agent !== holder);
    const toldOthers = Promise.all(others.map((agent) => this.takeBack(context, agent, 1)));
    const told = holder !== undefined && (await this.takeBack(context, holder, Infinity));
    await toldOthers;
    if (!told && holder !== undefined) {
      this.logger.warn("consul did not take the deregistration; its check will, later", {
        agent: holder.name,
        timeoutMs: this.input.options.deregisterTimeoutMs,
      });
    }
    return told;
  }

  private async takeBack(context: Context, agent: ConsulAgent, triesMax: number): Promise<boolean> {
    const { options, random } = this.input;
    const { backoffMinMs, backoffMaxMs } = options;
    const backoff = new Backoff({ minMs: backoffMinMs, maxMs: backoffMaxMs }, random);
    for (;;) {
      try {
        await agent.send(context, {
          method: "PUT",
          path: this.servicePath("/v1/agent/service/deregister/"),
          ...(triesMax === 1 ? { timeoutMs: ASIDE_TIMEOUT_MS } : {}),
        });
        return true;
      } catch (thrown) {
        const error = ServiceError.from(thrown);
        // It is not there: that is what was wanted.
        if (error.code === "not-found") return true;
        const delayMs = backoff.next();
        const isOver = context.cancelled !== undefined || backoff.failureCount >= triesMax;
        if (isOver || !error.retryable) return false;
        await pause(context, delayMs);
      }
    }
  }

  private servicePath(before: string): string {
    const { service, instance } = this.input;
    return before + encodeURIComponent(serviceIdOf(service, instance.id));
  }
}

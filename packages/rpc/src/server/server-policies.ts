/**
 * What guards the calls that a server takes: load shedding, the rate limits, the concurrency limit
 * and its faults. The place of each in a call's way is in server-stack.ts.
 */
import {
  type ConfigKey,
  fixedOptions,
  type LiveConfig,
  type LiveOptions,
  type LiveSchema,
  type Runtime,
  type StatsRegistry,
} from "@holdfast/core";
import {
  ADAPTIVE_CONCURRENCY_LIMIT_LIVE,
  AdaptiveConcurrencyLimit,
  type AdaptiveConcurrencyLimitOptions,
  type CallTraits,
  completeFaultOptions,
  completeLoadShedOptions,
  completeRateLimitOptions,
  CONCURRENCY_LIMIT_LIVE,
  ConcurrencyLimit,
  type ConcurrencyLimitOptions,
  Fault,
  FAULT_LIVE,
  type FaultOptions,
  LOAD_SHED_LIVE,
  LoadShed,
  type LoadShedOptions,
  RATE_LIMIT_LIVE,
  RateLimit,
  type RateLimitOptions,
} from "@holdfast/resilience";
import type { ServerCall } from "./server-call.ts";

/** Each in part; the defaults are those of the policy. */
export interface ServerPolicyInput {
  /**
   * A limit that finds its number by itself, instead of the fixed one of the server's options: for
   * a service whose capacity nobody knows, or that changes.
   */
  readonly adaptiveLimit?: Partial<AdaptiveConcurrencyLimitOptions>;
  readonly loadShed?: Partial<LoadShedOptions>;
  readonly rateLimit?: Partial<RateLimitOptions>;
  readonly fault?: Partial<FaultOptions>;
  /**
   * The part of time in which the event loop was busy since it was last asked, 0 to 1; default not
   * looked at. `loopUtilizationProbe()` gives it. A busy loop alone is no overload: a server that
   * answers as many calls as it can at once, all in time, is busy all the time.
   */
  readonly loopUtilization?: () => number;
}

/** Where live options come from. */
export type ServerConfig = Pick<LiveConfig, "options" | "onChange">;

export interface ServerPolicyParts {
  readonly service: string;
  readonly runtime: Runtime;
  readonly stats: StatsRegistry;
  readonly concurrency: ConcurrencyLimitOptions;
  readonly policies: ServerPolicyInput;
  readonly config: ServerConfig | undefined;
}

export class ServerPolicies<Handler> {
  readonly loadShed: LoadShed<ServerCall<Handler>, unknown>;
  readonly rateLimit: RateLimit<ServerCall<Handler>, unknown>;
  readonly limit:
    | ConcurrencyLimit<ServerCall<Handler>, unknown>
    | AdaptiveConcurrencyLimit<ServerCall<Handler>, unknown>;
  readonly fault: Fault<ServerCall<Handler>, unknown>;
  private readonly unfollow: (() => void)[] = [];

  constructor(parts: ServerPolicyParts) {
    const { service, stats, policies, config, concurrency } = parts;
    const { clock } = parts.runtime;
    const random = parts.runtime.random.stream(`policies of the server ${service}`);
    const traits = traitsOf<Handler>();
    const owner = { name: `server ${service}`, callee: service };
    const live = <Live extends object>(schema: LiveSchema<Live>, base: Live): LiveOptions<Live> =>
      config?.options(schema, base, owner) ?? fixedOptions(base);

    const { adaptiveLimit } = policies;
    const fixed = new ConcurrencyLimit<ServerCall<Handler>, unknown>(concurrency);
    const adaptive =
      adaptiveLimit && new AdaptiveConcurrencyLimit<ServerCall<Handler>, unknown>(adaptiveLimit);
    this.limit = adaptive ?? fixed;
    const shedOptions = completeLoadShedOptions(policies.loadShed ?? {});
    this.loadShed = new LoadShed(
      {
        ...{ clock, random, queueAgeMs: () => this.limit.queueAgeMs() },
        ...(policies.loopUtilization && { loopUtilization: policies.loopUtilization }),
      },
      shedOptions,
    );
    const rateOptions = completeRateLimitOptions(policies.rateLimit ?? {});
    const rateParts = { clock, traits, live: live(RATE_LIMIT_LIVE, rateOptions) };
    this.rateLimit = new RateLimit(rateParts, rateOptions);
    const fault = completeFaultOptions(policies.fault ?? {});
    this.fault = new Fault({ clock, random, traits, stats, live: live(FAULT_LIVE, fault) }, fault);

    // These two are one for all methods, so only what is said of all methods holds for them.
    const key: ConfigKey = { caller: "", callee: service, method: "" };
    const fixedLive = live(CONCURRENCY_LIMIT_LIVE, concurrency);
    const adaptiveLive = adaptive && live(ADAPTIVE_CONCURRENCY_LIMIT_LIVE, adaptive.options);
    const shedLive = live(LOAD_SHED_LIVE, shedOptions);
    if (config !== undefined) {
      const follow = (): void => {
        if (adaptiveLive === undefined) fixed.configure(fixedLive.of(key));
        else adaptive?.configure(adaptiveLive.of(key));
        this.loadShed.configure(shedLive.of(key));
      };
      this.unfollow.push(config.onChange(follow));
    }
  }

  snapshot(): Record<string, unknown> {
    return {
      loadShed: this.loadShed.snapshot(),
      rateLimit: this.rateLimit.snapshot(),
      concurrency: this.limit.snapshot(),
      fault: this.fault.snapshot(),
    };
  }

  stop(): void {
    this.loadShed.stop();
    for (const unfollow of this.unfollow.splice(0)) unfollow();
  }
}

function traitsOf<Handler>(): CallTraits<ServerCall<Handler>> {
  return {
    // A caller's own word about itself is no key: there may be any number of them.
    keyOf: (_context, call) => call.method.key,
    isIdempotent: (call) => call.method.definition.idempotent,
  };
}

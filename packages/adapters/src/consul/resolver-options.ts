/** Options of the Consul resolver. */
import {
  checkRange,
  completeConsulConnectionOptions,
  CONSUL_CONNECTION_DEFAULTS,
  type ConsulConnectionOptions,
} from "./connection-options.ts";

export interface ConsulResolverOptions extends ConsulConnectionOptions {
  /** The datacenter that is asked; default `""`, the agent's own. */
  readonly datacenter: string;
  /** Only instances that have all of these tags; default none. */
  readonly tags: readonly string[];
  /**
   * Whether instances in the state "warning" are called, with the weight that they are registered
   * with for it; default true. False loses every instance to a warning that they all have.
   */
  readonly acceptWarning: boolean;
  /** The key of a service's or else its node's metadata that holds the zone; default `zone`. */
  readonly zoneMetaKey: string;
  /**
   * Whether a server that is not the leader may answer from what it has; default false. True
   * spreads the load of many callers and needs no leader, and lists may be a moment older.
   */
  readonly staleReads: boolean;
  /**
   * How long Consul holds a question back while nothing changes, in ms, 1,000 to 600,000, default
   * 30,000; up to a quarter is taken off by chance. Lower notices sooner that an agent hangs;
   * higher costs less when nothing changes.
   */
  readonly waitMs: number;
  /**
   * Between the beginnings of two questions for a service, in ms, 10 to 60,000, default 200. Lower
   * hears of changes sooner; higher is kinder to a Consul whose list changes all the time.
   */
  readonly queryIntervalMinMs: number;
  /**
   * How long an instance is still called that Consul stopped vouching for when Consul is in doubt
   * itself, in ms, 0 (never) to 600,000, default 30,000. In doubt is Consul just after it was
   * away, when its index went back, and when most instances fail their checks at once.
   */
  readonly doubtMs: number;
}

export const CONSUL_RESOLVER_DEFAULTS: ConsulResolverOptions = {
  ...CONSUL_CONNECTION_DEFAULTS,
  datacenter: "",
  tags: [],
  acceptWarning: true,
  zoneMetaKey: "zone",
  staleReads: false,
  waitMs: 30_000,
  queryIntervalMinMs: 200,
  doubtMs: 30_000,
};

export function completeConsulResolverOptions(
  options: Partial<ConsulResolverOptions>,
): ConsulResolverOptions {
  const connection = completeConsulConnectionOptions(options);
  const complete = { ...CONSUL_RESOLVER_DEFAULTS, ...options, ...connection };
  checkRange("waitMs", complete.waitMs, 1_000, 600_000);
  checkRange("queryIntervalMinMs", complete.queryIntervalMinMs, 10, 60_000);
  checkRange("doubtMs", complete.doubtMs, 0, 600_000);
  return complete;
}

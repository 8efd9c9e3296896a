/** Options of the Consul registrar. */
import {
  checkRange,
  completeConsulConnectionOptions,
  CONSUL_CONNECTION_DEFAULTS,
  type ConsulConnectionOptions,
} from "./connection-options.ts";

/** How Consul learns that an instance is well. */
export type ConsulCheck =
  /**
   * This process says so, every third of `ttlMs` (in ms, 1,000 to 3,600,000); after `ttlMs` of
   * silence callers stop. Lower notices a dead process sooner; higher forgives longer pauses.
   */
  | { readonly kind: "ttl"; readonly ttlMs: number }
  /**
   * The agent asks `url`, such as `http://10.0.0.7:6060/readyz`, every `intervalMs` (1,000 to
   * 3,600,000) and waits `timeoutMs` (100 to `intervalMs`): anything but a 2xx takes the instance
   * out, 429 makes it "warning". The agent must be able to reach it.
   */
  | {
      readonly kind: "http";
      readonly url: string;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    };

export interface ConsulRegistrarOptions extends ConsulConnectionOptions {
  /** Default: a TTL of 15,000 ms. */
  readonly check: ConsulCheck;
  /**
   * How long an instance stays on Consul's own list after its checks began to fail, in ms, 60,000
   * (Consul allows no less) to 30 days, default 600,000. It is not called meanwhile; higher keeps
   * what was killed visible for longer.
   */
  readonly deregisterCriticalAfterMs: number;
  /** The key of the metadata that holds the zone; default `zone`. */
  readonly zoneMetaKey: string;
  /** Metadata of every registration beside the zone; default none. */
  readonly meta: Readonly<Record<string, string>>;
  /**
   * Until a drain goes on without Consul's answer, in ms, 100 to 60,000, default 5,000. Its check
   * takes the instance out all the same, later.
   */
  readonly deregisterTimeoutMs: number;
  /**
   * Between Consul's answer to a deregistration and the moment from which no caller is expected,
   * in ms, 0 to 60,000, default 500: the agent tells the servers and they tell the callers, which
   * ask at most every 200 ms.
   */
  readonly deregisterSettleMs: number;
}

export const CONSUL_REGISTRAR_DEFAULTS: ConsulRegistrarOptions = {
  ...CONSUL_CONNECTION_DEFAULTS,
  check: { kind: "ttl", ttlMs: 15_000 },
  deregisterCriticalAfterMs: 600_000,
  zoneMetaKey: "zone",
  meta: {},
  deregisterTimeoutMs: 5_000,
  deregisterSettleMs: 500,
};

const DAY_MS = 86_400_000;
/** What Consul takes for a key and a value of metadata. */
const META_KEY = /^[A-Za-z0-9_-]{1,128}$/;
const META_VALUE_MAX_LENGTH = 512;

export function completeConsulRegistrarOptions(
  options: Partial<ConsulRegistrarOptions>,
): ConsulRegistrarOptions {
  const connection = completeConsulConnectionOptions(options);
  const complete = { ...CONSUL_REGISTRAR_DEFAULTS, ...options, ...connection };
  checkCheck(complete.check);
  checkRange("deregisterCriticalAfterMs", complete.deregisterCriticalAfterMs, 60_000, 30 * DAY_MS);
  checkRange("deregisterTimeoutMs", complete.deregisterTimeoutMs, 100, 60_000);
  checkRange("deregisterSettleMs", complete.deregisterSettleMs, 0, 60_000);
  checkMeta(complete.zoneMetaKey, "");
  for (const [key, value] of Object.entries(complete.meta)) checkMeta(key, value);
  return complete;
}

/** How often the registration is looked after: often enough to fail twice within a TTL. */
export function keepIntervalMsOf(check: ConsulCheck): number {
  return check.kind === "ttl" ? check.ttlMs / 3 : check.intervalMs;
}

function checkCheck(check: ConsulCheck): void {
  if (check.kind === "ttl") {
    checkRange("check.ttlMs", check.ttlMs, 1_000, 3_600_000);
    return;
  }
  checkRange("check.intervalMs", check.intervalMs, 1_000, 3_600_000);
  checkRange("check.timeoutMs", check.timeoutMs, 100, check.intervalMs);
  if (/^https?:\/\/[^\s/]+/.test(check.url)) return;
  throw new RangeError(`check.url is "${check.url}"; it must be like http://10.0.0.7:6060/readyz`);
}

function checkMeta(key: string, value: string): void {
  if (!META_KEY.test(key)) {
    throw new RangeError(`meta has the key "${key}"; Consul takes letters, digits, - and _ only`);
  }
  if (value.length <= META_VALUE_MAX_LENGTH) return;
  throw new RangeError(
    `meta.${key} has ${value.length} characters; Consul takes ${META_VALUE_MAX_LENGTH}`,
  );
}

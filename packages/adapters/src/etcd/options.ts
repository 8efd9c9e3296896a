/** How etcd is reached, and what of it is live configuration. */
import { parseAddress, type TlsOptions } from "@holdfast/core";

export interface EtcdOptions {
  /**
   * Members of the cluster, `host:port`, default `127.0.0.1:2379`. One is used until it fails, then
   * the next; processes begin with different ones.
   */
  readonly endpoints: readonly string[];
  /** With authentication on; default `""`, none. Tokens are asked for again as they end. */
  readonly user: string;
  /** The password, or a function that is asked for it at every log-in; default `""`. */
  readonly password: string | (() => string);
  /**
   * HTTPS when it is there, with a client certificate when `cert` and `key` are; default none. etcd
   * does not take a user from a certificate over HTTP: set `user` as well where it wants one.
   */
  readonly tls: TlsOptions | undefined;
  /**
   * Until a reply, in ms, 50 to 60,000, default 2,000. A member that hangs or has no leader is left
   * for another one after this.
   */
  readonly requestTimeoutMs: number;
  /** The largest reply that is read, in bytes, 64 KiB to 1 GiB, default 8 MiB. */
  readonly replyMaxBytes: number;
  /** Before the second try after a failure, in ms, 10 to 60,000, default 100. */
  readonly backoffMinMs: number;
  /** The longest pause between tries, in ms, not below `backoffMinMs`, default 5,000. */
  readonly backoffMaxMs: number;
}

export interface EtcdConfigOptions extends EtcdOptions {
  /** What stands before CALLER/CALLEE/METHOD; ends in `/`; default `/holdfast/config/`. */
  readonly prefix: string;
  /**
   * How often etcd is asked whether what is known is all there is, in ms, 100 to 600,000, default
   * 3,000. Changes come at once without it; it finds a member that hangs, rights that were taken
   * away, and a change that got lost. Each is one small read of each process.
   */
  readonly checkMs: number;
}

export const ETCD_DEFAULTS: EtcdOptions = {
  endpoints: ["127.0.0.1:2379"],
  user: "",
  password: "",
  tls: undefined,
  requestTimeoutMs: 2_000,
  replyMaxBytes: 8 * 1024 * 1024,
  backoffMinMs: 100,
  backoffMaxMs: 5_000,
};

export const ETCD_CONFIG_DEFAULTS: EtcdConfigOptions = {
  ...ETCD_DEFAULTS,
  prefix: "/holdfast/config/",
  checkMs: 3_000,
};

export function completeEtcdOptions(options: Partial<EtcdOptions>): EtcdOptions {
  const complete = { ...ETCD_DEFAULTS, ...options };
  const { endpoints, user, password, backoffMinMs, backoffMaxMs } = complete;
  if (endpoints.length === 0) throw new RangeError("endpoints is empty; name one member");
  for (const endpoint of endpoints) {
    if (parseAddress(endpoint)?.kind === "tcp") continue;
    throw new RangeError(`endpoints has "${endpoint}"; it must be host:port, as 10.0.0.1:2379`);
  }
  if (user === "" && password !== "") throw new RangeError("there is a password, but no user");
  checkRange(complete, "requestTimeoutMs", 50, 60_000);
  checkRange(complete, "replyMaxBytes", 64 * 1024, 2 ** 30);
  checkRange(complete, "backoffMinMs", 10, 60_000);
  if (!(backoffMaxMs >= backoffMinMs)) {
    throw new RangeError(`backoffMaxMs ${backoffMaxMs} is below backoffMinMs ${backoffMinMs}`);
  }
  return complete;
}

export function completeEtcdConfigOptions(options: Partial<EtcdConfigOptions>): EtcdConfigOptions {
  const complete = { ...ETCD_CONFIG_DEFAULTS, ...options, ...completeEtcdOptions(options) };
  const { prefix } = complete;
  if (!/^[^\s\p{C}]*[^/]\/$/u.test(prefix)) {
    throw new RangeError(`prefix is "${prefix}"; it must end in one /, as /holdfast/config/`);
  }
  checkRange(complete, "checkMs", 100, 600_000);
  return complete;
}

function checkRange<Name extends string>(
  options: Readonly<Record<Name, number>>,
  name: Name,
  min: number,
  max: number,
): void {
  const value = options[name];
  if (value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}; it must be from ${min} to ${max}`);
}

/** How Consul is reached: what the resolver and the registrar have in common. */
import { parseAddress, type TlsOptions } from "@holdfast/core";

export interface ConsulConnectionOptions {
  /**
   * Agents, `host:port`, default the one on this machine, `127.0.0.1:8500`. The first that answers
   * is used until it fails; then the next. One agent on every machine is what Consul is made for;
   * several addresses are for fleets that talk to the servers themselves.
   */
  readonly addresses: readonly string[];
  /**
   * The ACL token, or a function that is asked before each request, for tokens that change;
   * default `""`, none. It goes into a header, never into a log.
   */
  readonly token: string | (() => string);
  /** HTTPS when it is there, with a client certificate when `cert` and `key` are; default none. */
  readonly tls: TlsOptions | undefined;
  /** Until a reply that need not wait, in ms, 100 to 60,000, default 5,000. */
  readonly requestTimeoutMs: number;
  /** The largest reply that is read, in bytes, 64 KiB or more, default 32 MiB: 20,000 instances. */
  readonly replyMaxBytes: number;
  /** Before the second try after a failure, in ms, 10 or more, default 250. */
  readonly backoffMinMs: number;
  /**
   * Between tries when Consul stays away, in ms, not below `backoffMinMs`, default 10,000. Lower
   * notices its return sooner; higher is kinder to a Consul that comes back to a thousand callers.
   */
  readonly backoffMaxMs: number;
}

export const CONSUL_CONNECTION_DEFAULTS: ConsulConnectionOptions = {
  addresses: ["127.0.0.1:8500"],
  token: "",
  tls: undefined,
  requestTimeoutMs: 5_000,
  replyMaxBytes: 32 * 1024 * 1024,
  backoffMinMs: 250,
  backoffMaxMs: 10_000,
};

export function completeConsulConnectionOptions(
  options: Partial<ConsulConnectionOptions>,
): ConsulConnectionOptions {
  const complete = { ...CONSUL_CONNECTION_DEFAULTS, ...options };
  if (complete.addresses.length === 0) throw new RangeError("addresses is empty; name one agent");
  for (const address of complete.addresses) {
    if (parseAddress(address)?.kind === "tcp") continue;
    throw new RangeError(`addresses has "${address}"; it must be host:port, such as 10.0.0.1:8500`);
  }
  if (typeof complete.token === "string") checkToken(complete.token);
  checkRange("requestTimeoutMs", complete.requestTimeoutMs, 100, 60_000);
  checkRange("replyMaxBytes", complete.replyMaxBytes, 64 * 1024, 2 ** 30);
  checkRange("backoffMinMs", complete.backoffMinMs, 10, 600_000);
  checkRange("backoffMaxMs", complete.backoffMaxMs, 10, 600_000);
  if (complete.backoffMaxMs < complete.backoffMinMs) {
    throw new RangeError(
      `backoffMaxMs is ${complete.backoffMaxMs}, below backoffMinMs, ${complete.backoffMinMs}`,
    );
  }
  return complete;
}

/** Throws for a token that no header can carry, such as one read from a file with its line end. */
export function checkToken(token: string): void {
  if (/^[\x21-\x7e]*$/.test(token)) return;
  throw new RangeError("token has a space, a line end or another character that no token has");
}

export function checkRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}; it must be from ${min} to ${max}`);
}

/** As operators may see them: without the token and the key. */
export function describeConnection(options: ConsulConnectionOptions): object {
  const { token, tls, ...shown } = options;
  return {
    ...shown,
    token: token === "" ? "none" : "set",
    tls: tls === undefined ? "none" : tls.cert === undefined ? "server only" : "mutual",
  };
}

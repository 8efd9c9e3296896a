/** The domain name system as far as a resolver needs it; the system's is one implementation. */
import { lookup, Resolver } from "node:dns/promises";

export interface DnsAddress {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** Milliseconds that the answer is good for; undefined when nobody says. */
  readonly ttlMs: number | undefined;
}

/** What an SRV record says. */
export interface DnsService {
  readonly host: string;
  readonly port: number;
  /** The lowest are used. */
  readonly priority: number;
  readonly weight: number;
  readonly ttlMs: number | undefined;
}

export interface DnsAccess {
  /** A and AAAA records; rejects when there are none. */
  addresses(host: string): Promise<readonly DnsAddress[]>;
  /** SRV records; rejects when there are none. */
  services(name: string): Promise<readonly DnsService[]>;
}

/**
 * Asks the servers that the system is configured with, or `servers` (`host` or `host:port`). Names
 * that only the hosts file knows, such as localhost, are found too, without a time to live.
 */
export function systemDns(servers?: readonly string[]): DnsAccess {
  const resolver = new Resolver();
  if (servers !== undefined) resolver.setServers(servers);
  return {
    async addresses(host) {
      const [four, six] = await Promise.allSettled([
        resolver.resolve4(host, { ttl: true }),
        resolver.resolve6(host, { ttl: true }),
      ]);
      const found = [four, six].flatMap((each) => (each.status === "fulfilled" ? each.value : []));
      if (found.length > 0) {
        return found.map(({ address, ttl }) => ({ address, ttlMs: ttl * 1_000 }));
      }
      // One that cannot be asked is not one that says no.
      for (const each of [four, six]) {
        if (each.status === "rejected" && !saysNo(each.reason)) throw each.reason;
      }
      const local = await lookup(host, { all: true });
      return local.map(({ address }) => ({ address, ttlMs: undefined }));
    },
    async services(name) {
      const found = await resolver.resolveSrv(name);
      // Node does not pass their time to live on.
      return found.map(({ name: host, ...rest }) => ({ host, ...rest, ttlMs: undefined }));
    },
  };
}

/** Whether the answer was that there is none. */
export function saysNo(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOTFOUND" || code === "ENODATA";
}

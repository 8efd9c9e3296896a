/** The public door of @holdfast/rpc. */
export {
  CONSISTENT_HASH_DEFAULTS,
  consistentHash,
  type ConsistentHashOptions,
} from "./balance/consistent-hash.ts";
export { leastLoaded } from "./balance/least-loaded.ts";
export {
  fixedPosition,
  type PeerPosition,
  positionAmongPeers,
  type PositionSource,
} from "./balance/subset-position.ts";
export { SUBSET_DEFAULTS, type SubsetOptions } from "./balance/subset.ts";
export { weightedInTurn } from "./balance/weighted-in-turn.ts";
export {
  preferZone,
  ZONE_PREFERENCE_DEFAULTS,
  type ZonePreferenceOptions,
} from "./balance/zone-preference.ts";
export {
  BALANCE_DEFAULTS,
  type BalanceOptions,
  type BalanceOptionsInput,
} from "./client/balance-options.ts";
export { type ClientCall } from "./client/client-call.ts";
export {
  type AtAddress,
  type AtInstances,
  ClientHandle,
  type CreateClient,
  createClient,
  type CreateClientOf,
} from "./client/client.ts";
export { ClientPolicies, type ClientPolicyInput } from "./client/client-policies.ts";
export { clientStack } from "./client/client-stack.ts";
export { CLIENT_DEFAULTS, type ClientOptions } from "./client/options.ts";
export {
  type DnsAccess,
  type DnsAddress,
  type DnsService,
  systemDns,
} from "./discovery/dns-access.ts";
export { DNS_RESOLVER_DEFAULTS, type DnsResolverOptions } from "./discovery/dns-options.ts";
export { DnsResolver, type DnsResolverParts } from "./discovery/dns-resolver.ts";
export { type FileAccess, systemFiles } from "./discovery/file-access.ts";
export {
  FILE_RESOLVER_DEFAULTS,
  FileResolver,
  type FileResolverOptions,
  type FileResolverParts,
} from "./discovery/file-resolver.ts";
export { createObservers, type Observers } from "./observe/observers.ts";
export { SERVER_DEFAULTS, type ServerOptions, type ServerOptionsInput } from "./server/options.ts";
export { type ServerCall } from "./server/server-call.ts";
export { type CreateServer, createServer, Server } from "./server/server.ts";
export {
  ServerPolicies,
  type ServerConfig,
  type ServerPolicyInput,
} from "./server/server-policies.ts";
export { serverStack } from "./server/server-stack.ts";
export { type Framing, type ProtocolName } from "./wire/framing.ts";
export { TcpNetwork } from "./wire/tcp-network.ts";

/** The public door of @holdfast/rpc. */
export { leastLoaded } from "./balance/least-loaded.ts";
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
export { clientStack } from "./client/client-stack.ts";
export { CLIENT_DEFAULTS, type ClientOptions } from "./client/options.ts";
export { createObservers, type Observers } from "./observe/observers.ts";
export { SERVER_DEFAULTS, type ServerOptions, type ServerOptionsInput } from "./server/options.ts";
export { type ServerCall } from "./server/server-call.ts";
export { type CreateServer, createServer, Server } from "./server/server.ts";
export { serverStack } from "./server/server-stack.ts";
export { type Framing, type ProtocolName } from "./wire/framing.ts";
export { TcpNetwork } from "./wire/tcp-network.ts";

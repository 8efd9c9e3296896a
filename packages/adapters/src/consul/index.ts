/** Discovery on Consul: the public door of `@holdfast/adapters/consul`. */
export type { HttpReply, HttpRequest, HttpTransport } from "../http/http-transport.ts";
export {
  createNodeHttpTransport,
  type NodeHttpTransportOptions,
} from "../http/node-http-transport.ts";
export type { OpenTransport } from "./agent.ts";
export { CONSUL_CONNECTION_DEFAULTS, type ConsulConnectionOptions } from "./connection-options.ts";
export {
  completeConsulRegistrarOptions,
  CONSUL_REGISTRAR_DEFAULTS,
  type ConsulCheck,
  type ConsulRegistrarOptions,
} from "./registrar-options.ts";
export { ConsulRegistrar, type CreateConsulRegistrar } from "./registrar.ts";
export {
  completeConsulResolverOptions,
  CONSUL_RESOLVER_DEFAULTS,
  type ConsulResolverOptions,
} from "./resolver-options.ts";
export { ConsulResolver, type CreateConsulResolver } from "./resolver.ts";

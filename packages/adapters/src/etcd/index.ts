/** Live configuration on etcd v3: the public door of `@holdfast/adapters/etcd`. */
export {
  EtcdClient,
  type EtcdClientParts,
  type Unchanged,
  type WatchEnd,
  type WatchRequest,
  type Write,
  type Written,
} from "./client.ts";
export { EtcdConfigSource, type EtcdConfigSourceParts } from "./config-source.ts";
export type { KeyValue, RangeReply, WatchEvent } from "./gateway-message.ts";
export {
  completeEtcdConfigOptions,
  ETCD_CONFIG_DEFAULTS,
  ETCD_DEFAULTS,
  type EtcdConfigOptions,
  type EtcdOptions,
} from "./options.ts";
export type { EtcdTransport, LinesRequest } from "./transport.ts";

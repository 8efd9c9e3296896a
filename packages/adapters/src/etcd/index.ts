/** Live configuration on etcd v3: the public door of `@holdfast/adapters/etcd`. */
export {
  EtcdClient,
  type EtcdClientParts,
  type Unchanged as EtcdCondition,
  type WatchEnd as EtcdWatchEnd,
  type WatchRequest as EtcdWatchRequest,
  type Write as EtcdWrite,
  type Written as EtcdWritten,
} from "./client.ts";
export { EtcdConfigSource, type EtcdConfigSourceParts } from "./config-source.ts";
export type {
  KeyValue as EtcdKeyValue,
  RangeReply as EtcdRange,
  WatchEvent as EtcdEvent,
} from "./gateway-message.ts";
export {
  completeEtcdConfigOptions,
  ETCD_CONFIG_DEFAULTS,
  ETCD_DEFAULTS,
  type EtcdConfigOptions,
  type EtcdOptions,
} from "./options.ts";
export type { EtcdTransport, LinesRequest } from "./transport.ts";

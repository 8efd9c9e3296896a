/**
 * Every adapter that needs no client library of its own; each also has a door by itself, such as
 * `@holdfast/adapters/consul`.
 */
export * from "./config-file/index.ts";
export * from "./consul/index.ts";
export * from "./etcd/index.ts";

/**
 * Every adapter that needs no client library of its own; each also has a door by itself, such as
 * `@holdfast/adapters/consul`.
 */
export * from "./consul/index.ts";

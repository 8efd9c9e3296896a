/** The public door of @holdfast/sim. */
export { checkNothingLeft } from "./checkers.ts";
export type { Link } from "./network/link.ts";
export type { LinkOptions } from "./network/link-options.ts";
export { SimNetwork } from "./network/sim-network.ts";
export * from "./testing/network-contract.ts";
export { Peer } from "./testing/peer.ts";
export { fingerprint, Trace } from "./trace.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { createWorld, type World } from "./world.ts";

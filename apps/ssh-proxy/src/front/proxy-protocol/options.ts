/** Options of the PROXY protocol on incoming connections. */
import { AddressList } from "../address-list.ts";
import { checkWhole } from "../check-whole.ts";

export interface ProxyProtocolOptions {
  /**
   * `off` (default): connections come from clients, and their addresses are the clients'.
   * `required`: every connection comes from one of `peers` and begins with a header, version 1 or
   * 2; all others are refused. There is no third: a header that may be missing can be forged.
   */
  readonly mode: "off" | "required";
  /**
   * Who may connect with `required`, such as `10.0.0.0/28`, and has to be believed; at least one.
   * Default nobody. Each entry more is one more who can pretend to be any client.
   */
  readonly peers: AddressList;
  /**
   * Until the header is whole, in ms, 1 to 60,000, default 3,000. Lower cuts off a balancer behind
   * a slow link; higher lets connections without a header stay for longer.
   */
  readonly headerTimeoutMs: number;
  /**
   * The longest header of version 2, in bytes, 232 (two paths of Unix sockets) to 65,551, default
   * 4,096. Lower refuses balancers that add much, such as certificates; higher is memory for each
   * connection that waits.
   */
  readonly headerMaxBytes: number;
  /**
   * Connections that wait for their header, 1 to 1,000,000, default 1,000; more are refused. Lower
   * refuses bursts from the balancer; higher is memory for those that never send one.
   */
  readonly waitingMax: number;
}

export type ProxyProtocolOptionsInput = Partial<Omit<ProxyProtocolOptions, "peers">> & {
  /** Addresses, networks and `unix`. */
  readonly peers?: readonly string[];
};

const HEADER_TIMEOUT_MS = 3_000;
const HEADER_MAX_BYTES = 4_096;
const WAITING_MAX = 1_000;

/** Throws a RangeError that names the option. */
export function completeProxyProtocolOptions(
  input: ProxyProtocolOptionsInput,
): ProxyProtocolOptions {
  const options: ProxyProtocolOptions = {
    mode: "off",
    headerTimeoutMs: HEADER_TIMEOUT_MS,
    headerMaxBytes: HEADER_MAX_BYTES,
    waitingMax: WAITING_MAX,
    ...input,
    peers: new AddressList("proxyProtocol.peers", input.peers ?? []),
  };
  const { mode, peers } = options;
  if (mode !== "off" && mode !== "required") {
    throw new RangeError(`proxyProtocol.mode is ${String(mode)}; it must be off or required`);
  }
  if (mode === "required" && peers.entries.length === 0) {
    throw new RangeError("proxyProtocol.mode is required, and proxyProtocol.peers names nobody");
  }
  if (mode === "off" && peers.entries.length > 0) {
    const count = peers.entries.length;
    throw new RangeError(`proxyProtocol.mode is off, and proxyProtocol.peers has ${count} entries`);
  }
  checkWhole("proxyProtocol.headerTimeoutMs", options.headerTimeoutMs, 1, 60_000);
  checkWhole("proxyProtocol.headerMaxBytes", options.headerMaxBytes, 232, 65_551);
  checkWhole("proxyProtocol.waitingMax", options.waitingMax, 1, 1_000_000);
  return options;
}

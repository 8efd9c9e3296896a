/**
 * The network as everything in Holdfast sees it: streams of bytes between addresses. Real TCP and
 * Unix sockets are one implementation (rpc), the simulator's network with faults is the other.
 */
import type { ServiceError } from "../error/service-error.ts";

export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** What happens on a socket. Calls come one at a time and never inside a call to the socket. */
export interface SocketHandler {
  /** The bytes are valid only during the call: copy what must stay. */
  onBytes(bytes: Uint8Array): void;
  /** The peer will send no more; it may still read. */
  onEnd(): void;
  /** `pendingBytes` is back to 0 after a write that was not taken at once. */
  onDrain(): void;
  /** The last call, always made, exactly once. `error` says why when it was not orderly. */
  onClose(error: ServiceError | undefined): void;
}

export interface Socket {
  /** Such as `10.0.0.7:51234` or `unix:/run/history.sock`. */
  readonly remote: string;
  readonly local: string;
  /** What the peer proved with its TLS certificate; undefined without mutual TLS. */
  readonly peerSubject: string | undefined;
  /** Bytes written but not yet taken by the network. */
  readonly pendingBytes: number;
  /** Nothing is delivered before this; once per socket. */
  start(handler: SocketHandler): void;
  /**
   * Sends the bytes. True: they are taken and the memory is the caller's again. False: the memory
   * is the socket's, the caller must not touch it any more. No effect on a closed socket.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops and starts the delivery of bytes; the peer feels it when buffers on the way are full. */
  pause(): void;
  resume(): void;
  /** Sends what is pending and then the end of the stream; the peer may still send. */
  end(): void;
  /** Closes now; what is pending is lost. */
  destroy(): void;
}

export interface Listener {
  /** The address with the port that was given when port 0 was asked for. */
  readonly address: Address;
  /** Stops accepting; connections made before stay. Resolves once no new one can come. */
  close(): Promise<void>;
}

/** PEM texts. On the server `ca` asks for, and requires, a client certificate signed by it. */
export interface TlsOptions {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  /** Client only: the name the server's certificate must have; default the host. */
  readonly serverName?: string;
}

export interface ListenOptions {
  readonly tls?: TlsOptions;
  /** Lets several processes listen on one port (SO_REUSEPORT); default false. */
  readonly reusePort?: boolean;
  /** Length of the kernel's queue of connections not yet accepted; default 511. */
  readonly backlog?: number;
  /**
   * Number of an open file descriptor, 3 or more: a bound socket that this process was started
   * with. It is listened on instead of a new one, belongs to the listener from then on, and
   * `address` only names it. Who else has the socket shares its queue, so that no connection is
   * lost when one of them goes. Default: a new socket.
   */
  readonly fileDescriptor?: number;
}

export interface ConnectOptions {
  readonly tls?: TlsOptions;
  /** Milliseconds until the attempt fails with `unavailable`; more than 0. */
  readonly timeoutMs: number;
}

export interface Network {
  /** Rejects with a ServiceError that says which address could not be had, and why. */
  listen(
    address: Address,
    onSocket: (socket: Socket) => void,
    options?: ListenOptions,
  ): Promise<Listener>;
  /** Rejects with `unavailable`. */
  connect(address: Address, options: ConnectOptions): Promise<Socket>;
}

/** `host:port`, `[v6]:port` or `unix:path`, as people write it. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/** The reverse of `formatAddress`; undefined when the text is not an address. */
export function parseAddress(text: string): Address | undefined {
  if (text.startsWith("unix:")) {
    return text.length > 5 ? { kind: "unix", path: text.slice(5) } : undefined;
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port <= 65_535 ? { kind: "tcp", host: match[1] ?? match[2]!, port } : undefined;
}

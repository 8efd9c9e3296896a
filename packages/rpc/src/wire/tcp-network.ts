/**
 * The network of the operating system: TCP, Unix sockets and TLS over both, behind core's Network
 * interface. The first and the last step of every call's path.
 */
import type * as net from "node:net";
import type {
  Address,
  Clock,
  ConnectOptions,
  ListenOptions,
  Listener,
  Network,
  Socket,
} from "@holdfast/core";
import { connectError, listenError } from "./tcp/network-errors.ts";
import { openConnection } from "./tcp/open-connection.ts";
import { openServer } from "./tcp/open-server.ts";
import { removeStaleSocket } from "./tcp/stale-socket.ts";
import { completeTcpNetworkOptions, type TcpNetworkOptions } from "./tcp/tcp-network-options.ts";

export type { TcpNetworkOptions };

export class TcpNetwork implements Network {
  /** The effective options. */
  readonly options: TcpNetworkOptions;
  private readonly clock: Clock;
  private readonly streamOptions: net.ServerOpts;
  private readonly readBuffer: Buffer;

  /** The clock serves the time-outs of `connect`. */
  constructor(clock: Clock, options: Partial<TcpNetworkOptions> = {}) {
    this.clock = clock;
    this.options = completeTcpNetworkOptions(options);
    this.readBuffer = Buffer.allocUnsafeSlow(this.options.readBufferBytes);
    this.streamOptions = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: this.options.keepAliveMs > 0,
      keepAliveInitialDelay: this.options.keepAliveMs,
    };
  }

  async listen(
    address: Address,
    onSocket: (socket: Socket) => void,
    listenOptions: ListenOptions = {},
  ): Promise<Listener> {
    const { streamOptions, readBuffer, options: networkOptions } = this;
    const setup = { address, onSocket, listenOptions, networkOptions, streamOptions, readBuffer };
    try {
      return await openServer(setup);
    } catch (error) {
      if (address.kind !== "unix" || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") {
        throw listenError(address, error as Error);
      }
      return await this.listenOverStale(address, error as Error, () => openServer(setup));
    }
  }

  async connect(address: Address, connectOptions: ConnectOptions): Promise<Socket> {
    const { streamOptions, readBuffer, clock } = this;
    if (!(connectOptions.timeoutMs > 0)) {
      throw new RangeError(`timeoutMs is ${connectOptions.timeoutMs}; it must be more than 0`);
    }
    try {
      return await openConnection({ address, connectOptions, streamOptions, readBuffer, clock });
    } catch (error) {
      throw connectError(address, error as Error);
    }
  }

  /** A process that died leaves its socket file behind; one that lives keeps it. */
  private async listenOverStale(
    address: Address & { readonly kind: "unix" },
    inUse: Error,
    open: () => Promise<Listener>,
  ): Promise<Listener> {
    let reason: unknown = inUse;
    try {
      if (await removeStaleSocket(address.path)) return await open();
    } catch (error) {
      reason = error;
    }
    throw listenError(address, reason as Error);
  }
}

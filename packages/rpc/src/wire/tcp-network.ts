/**
 * The network of the operating system: TCP, Unix sockets and TLS over both, behind core's Network
 * interface. The first and the last step of every call's path.
 */
import * as net from "node:net";
import * as tls from "node:tls";
import {
  type Address,
  after,
  type Clock,
  type ConnectOptions,
  formatAddress,
  type ListenOptions,
  type Listener,
  type Network,
  ServiceError,
  type Socket,
  type TlsOptions,
} from "@holdfast/core";
import { TcpSocket } from "./tcp/tcp-socket.ts";

export class TcpNetwork implements Network {
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  listen(
    address: Address,
    onSocket: (socket: Socket) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    const accept = (stream: net.Socket): void => {
      onSocket(new TcpSocket(stream, "events", names(stream)));
    };
    const common = {
      allowHalfOpen: true,
      noDelay: true,
      pauseOnConnect: options.tls === undefined,
    };
    const server =
      options.tls === undefined
        ? net.createServer(common, accept)
        : tls.createServer({ ...common, ...options.tls }, accept);
    const target =
      address.kind === "unix"
        ? { path: address.path }
        : { host: address.host, port: address.port, reusePort: options.reusePort ?? false };
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(address, error)));
      server.listen({ ...target, exclusive: true, backlog: options.backlog ?? 511 }, () => {
        const bound = server.address();
        const real: Address =
          address.kind === "tcp" && bound !== null && typeof bound === "object"
            ? { ...address, port: bound.port }
            : address;
        resolve({
          address: real,
          close: () =>
            new Promise((closed) => {
              server.close();
              setImmediate(closed);
            }),
        });
      });
    });
  }

  connect(address: Address, options: ConnectOptions): Promise<Socket> {
    const target =
      address.kind === "unix"
        ? { path: address.path }
        : { host: address.host, port: address.port, noDelay: true };
    return new Promise((resolve, reject) => {
      const stream =
        options.tls === undefined
          ? net.connect({ ...target, allowHalfOpen: true })
          : tls.connect({
              ...target,
              ...clientTls(options.tls),
              allowHalfOpen: true,
            } as tls.ConnectionOptions);
      if (options.tls === undefined) stream.pause();
      const stopTimer = after(this.clock, options.timeoutMs, () => {
        stream.destroy(new Error(`no answer within ${options.timeoutMs} ms`));
      });
      const onError = (error: Error): void => {
        stopTimer();
        const text = `cannot connect to ${formatAddress(address)}: ${error.message}`;
        reject(new ServiceError("unavailable", text, { cause: error, workStarted: "no" }));
      };
      stream.once("error", onError);
      stream.once(options.tls === undefined ? "connect" : "secureConnect", () => {
        stopTimer();
        stream.off("error", onError);
        resolve(new TcpSocket(stream, "events", names(stream)));
      });
    });
  }
}

function clientTls(options: TlsOptions): tls.ConnectionOptions {
  const { serverName, ...pem } = options;
  return serverName === undefined ? pem : { ...pem, servername: serverName };
}

function names(stream: net.Socket) {
  return {
    remote: `${stream.remoteAddress}:${stream.remotePort}`,
    local: `${stream.localAddress}:${stream.localPort}`,
    peerSubject: undefined,
  };
}

function listenError(address: Address, cause: NodeJS.ErrnoException): ServiceError {
  const place =
    address.kind === "unix" ? formatAddress(address) : `port ${address.port} on ${address.host}`;
  const reason = cause.code === "EADDRINUSE" ? "is taken by another process" : cause.message;
  return new ServiceError("unavailable", `${place} ${reason}`, { cause });
}

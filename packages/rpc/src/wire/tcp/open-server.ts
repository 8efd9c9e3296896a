/** From an address to a listening server that hands over every connection as core's Socket. */
import * as net from "node:net";
import type * as tls from "node:tls";
import { type Address, type ListenOptions, type Listener, ServiceError } from "@holdfast/core";
import { withOnRead } from "./accepted-stream.ts";
import { SharedReader } from "./shared-reader.ts";
import { namesOf } from "./socket-names.ts";
import { TcpListener } from "./tcp-listener.ts";
import type { TcpNetworkOptions } from "./tcp-network-options.ts";
import { TcpSocket } from "./tcp-socket.ts";
import { createTlsServer, peerSubjectOf } from "./tls.ts";

/** Length of the kernel's queue when nobody says another: what Node takes too. */
const BACKLOG = 511;

export interface ServerSetup {
  readonly address: Address;
  readonly onSocket: (socket: TcpSocket) => void;
  readonly listenOptions: ListenOptions;
  readonly networkOptions: TcpNetworkOptions;
  readonly streamOptions: net.ServerOpts;
  readonly readBuffer: Buffer;
}

/** Rejects with the system's own error. */
export function openServer(setup: ServerSetup): Promise<Listener> {
  const { address, listenOptions } = setup;
  const shakingHands = new Map<string, net.Socket>();
  const server =
    listenOptions.tls === undefined ? plainServer(setup) : tlsServer(setup, shakingHands);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      {
        ...targetOf(address, listenOptions.fileDescriptor),
        backlog: listenOptions.backlog ?? BACKLOG,
        reusePort: listenOptions.reusePort ?? false,
        // In a cluster of processes too, this process accepts its own connections.
        exclusive: true,
      },
      () => {
        server.off("error", reject);
        server.on("error", (error) => reportAcceptError(setup, error));
        resolve(new TcpListener(address, server, shakingHands));
      },
    );
  });
}

/** Node's types leave `fd` out; its documentation has it. */
type ListenTarget = Pick<net.ListenOptions, "host" | "port" | "path"> & { readonly fd?: number };

function targetOf(address: Address, fileDescriptor: number | undefined): ListenTarget {
  if (fileDescriptor !== undefined) return { fd: fileDescriptor };
  return address.kind === "unix"
    ? { path: address.path }
    : { host: address.host, port: address.port };
}

function plainServer(setup: ServerSetup): net.Server {
  return net.createServer({ ...setup.streamOptions, pauseOnConnect: true }, (accepted) => {
    setup.onSocket(plainSocket(setup, accepted));
  });
}

function plainSocket(setup: ServerSetup, accepted: net.Socket): TcpSocket {
  const names = namesOf(setup.address, accepted, undefined);
  if (setup.networkOptions.reuseReadBuffer) {
    const reader = new SharedReader(setup.readBuffer);
    const stream = withOnRead(accepted, reader);
    if (stream !== undefined) {
      reader.socket = new TcpSocket(stream, "plain", names);
      return reader.socket;
    }
  }
  return new TcpSocket(accepted, "plain-events", names);
}

/**
 * `shakingHands` is by the peer's name, the only thing that a connection and the TLS stream over it
 * have in common. Unix peers have none: there the time limit of the handshake has to do.
 */
function tlsServer(setup: ServerSetup, shakingHands: Map<string, net.Socket>): tls.Server {
  const { listenOptions, streamOptions, networkOptions, address } = setup;
  const server = createTlsServer(listenOptions.tls!, streamOptions, networkOptions);
  server.on("connection", (accepted: net.Socket) => {
    if (address.kind === "unix") return;
    const { remote } = namesOf(address, accepted, undefined);
    shakingHands.set(remote, accepted);
    accepted.once("close", () => shakingHands.delete(remote));
  });
  server.on("secureConnection", (stream) => {
    const names = namesOf(address, stream, peerSubjectOf(stream));
    shakingHands.delete(names.remote);
    if (server.listening) setup.onSocket(new TcpSocket(stream, "tls", names));
    else stream.destroy();
  });
  server.on("tlsClientError", (error) => reportAcceptError(setup, error));
  return server;
}

function reportAcceptError(setup: ServerSetup, cause: Error): void {
  const message = `a connection was not accepted: ${cause.message}`;
  setup.networkOptions.onAcceptError(new ServiceError("unavailable", message, { cause }));
}

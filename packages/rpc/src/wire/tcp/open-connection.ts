/** From an address to a connection that is ready for its handler. */
import * as net from "node:net";
import {
  type Address,
  after,
  type Clock,
  type ConnectOptions,
  type TlsOptions,
} from "@holdfast/core";
import { SharedReader } from "./shared-reader.ts";
import { namesOf } from "./socket-names.ts";
import { TcpSocket } from "./tcp-socket.ts";
import { connectTls, peerSubjectOf } from "./tls.ts";

export interface ConnectionSetup {
  readonly address: Address;
  readonly connectOptions: ConnectOptions;
  readonly streamOptions: net.ServerOpts;
  readonly readBuffer: Buffer;
  readonly clock: Clock;
}

/** Rejects with the system's own error, or with one that says how long nobody answered. */
export async function openConnection(setup: ConnectionSetup): Promise<TcpSocket> {
  const { address, streamOptions } = setup;
  const target: net.NetConnectOpts = {
    ...streamOptions,
    ...(address.kind === "unix"
      ? { path: address.path }
      : { host: address.host, port: address.port }),
  };
  const { tls } = setup.connectOptions;
  return tls === undefined ? await openPlain(setup, target) : await openTls(setup, target, tls);
}

function openPlain(setup: ConnectionSetup, target: net.NetConnectOpts): Promise<TcpSocket> {
  const reader = new SharedReader(setup.readBuffer);
  const stream = net.connect({ ...target, onread: reader });
  // Nothing is read before the socket has its handler.
  stream.pause();
  return whenConnected(setup, stream, "connect", () => {
    reader.socket = new TcpSocket(stream, "plain", namesOf(setup.address, stream, undefined));
    return reader.socket;
  });
}

/** The stream reads for the handshake, and keeps what comes after it until it has a handler. */
function openTls(
  setup: ConnectionSetup,
  target: net.NetConnectOpts,
  tlsOptions: TlsOptions,
): Promise<TcpSocket> {
  const stream = connectTls(tlsOptions, target);
  return whenConnected(setup, stream, "secureConnect", () => {
    const peerSubject = tlsOptions.cert === undefined ? undefined : peerSubjectOf(stream);
    return new TcpSocket(stream, "tls", namesOf(setup.address, stream, peerSubject));
  });
}

/** `createSocket` is called in the event itself: not one event may pass without a listener. */
function whenConnected(
  setup: ConnectionSetup,
  stream: net.Socket,
  event: "connect" | "secureConnect",
  createSocket: () => TcpSocket,
): Promise<TcpSocket> {
  const { timeoutMs } = setup.connectOptions;
  return new Promise((resolve, reject) => {
    const stopTimer = after(setup.clock, timeoutMs, () => {
      stream.destroy(new Error(`no answer within ${timeoutMs} ms`));
    });
    const onError = (error: Error): void => {
      stopTimer();
      reject(error);
    };
    stream.once("error", onError);
    stream.once(event, () => {
      stopTimer();
      stream.off("error", onError);
      resolve(createSocket());
    });
  });
}

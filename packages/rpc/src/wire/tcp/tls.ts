/** TLS as core describes it, in the terms of Node's options. */
import type * as net from "node:net";
import * as tls from "node:tls";
import type { TlsOptions } from "@holdfast/core";
import type { TcpNetworkOptions } from "./tcp-network-options.ts";

/** A server that hands over connections whose handshake is done, half-open ones included. */
export function createTlsServer(
  tlsOptions: TlsOptions,
  serverOptions: net.ServerOpts,
  options: TcpNetworkOptions,
): tls.Server {
  const { cert, key, ca } = tlsOptions;
  if (cert === undefined || key === undefined) {
    throw new Error("a TLS server needs a certificate and its key");
  }
  return tls.createServer({
    ...serverOptions,
    cert,
    key,
    handshakeTimeout: options.tlsHandshakeTimeoutMs,
    ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
  });
}

/** Starts a connection; 'secureConnect' says that the server is who it should be. */
export function connectTls(tlsOptions: TlsOptions, target: net.NetConnectOpts): tls.TLSSocket {
  const { cert, key, ca, serverName } = tlsOptions;
  // `allowHalfOpen` is documented for tls.connect and missing in its type.
  const connectOptions: tls.ConnectionOptions & { allowHalfOpen: boolean } = {
    ...target,
    allowHalfOpen: true,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
  return tls.connect(connectOptions);
}

/** Such as `CN=history,O=Example`; undefined when the peer showed no certificate. */
export function peerSubjectOf(stream: tls.TLSSocket): string | undefined {
  return stream.getPeerX509Certificate()?.subject.replaceAll("\n", ",");
}

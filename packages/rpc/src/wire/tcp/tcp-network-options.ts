/** What can be turned on the operating system's network, and its defaults. */
import type { ServiceError } from "@holdfast/core";

export interface TcpNetworkOptions {
  /**
   * Milliseconds of silence after which the kernel starts to ask whether the peer is still there;
   * 0 never asks, otherwise 1,000 or more. Default 60,000. Shorter finds dead peers sooner, longer
   * lets idle connections be idle.
   */
  readonly keepAliveMs: number;
  /**
   * Bytes of the one buffer into which every plain connection of this network reads, 4,096 to
   * 16,777,216. Default 65,536, which is also what Node reads at most at a time. Larger saves
   * system calls on bulk transfers only.
   */
  readonly readBufferBytes: number;
  /**
   * Whether accepted connections read into that buffer too. Default true; false makes them use
   * 'data' events, at a Buffer for every read (see accepted-stream.ts for what that costs).
   */
  readonly reuseReadBuffer: boolean;
  /**
   * Milliseconds a peer may take for the TLS handshake, 1 or more. Default 10,000. Longer lets
   * silent peers hold a file descriptor for longer.
   */
  readonly tlsHandshakeTimeoutMs: number;
  /**
   * Told of connections that failed before they became sockets: no file descriptor left, a TLS
   * handshake that went wrong. Default: nobody is told.
   */
  readonly onAcceptError: (error: ServiceError) => void;
}

const DEFAULTS: TcpNetworkOptions = {
  keepAliveMs: 60_000,
  readBufferBytes: 65_536,
  reuseReadBuffer: true,
  tlsHandshakeTimeoutMs: 10_000,
  onAcceptError: () => {},
};

const READ_BUFFER_MIN_BYTES = 4096;
const READ_BUFFER_MAX_BYTES = 16_777_216;

/** Fills in the defaults; throws a RangeError for a value out of its range. */
export function completeTcpNetworkOptions(partial: Partial<TcpNetworkOptions>): TcpNetworkOptions {
  const options = { ...DEFAULTS, ...partial };
  const { keepAliveMs, readBufferBytes, tlsHandshakeTimeoutMs } = options;
  if (!(keepAliveMs === 0 || (keepAliveMs >= 1000 && Number.isFinite(keepAliveMs)))) {
    throw new RangeError(`keepAliveMs is ${keepAliveMs}; allowed are 0 and 1,000 or more`);
  }
  const sizeAllowed =
    readBufferBytes >= READ_BUFFER_MIN_BYTES && readBufferBytes <= READ_BUFFER_MAX_BYTES;
  if (!Number.isInteger(readBufferBytes) || !sizeAllowed) {
    const range = `${READ_BUFFER_MIN_BYTES} to ${READ_BUFFER_MAX_BYTES}`;
    throw new RangeError(`readBufferBytes is ${readBufferBytes}; allowed are ${range}`);
  }
  if (!(tlsHandshakeTimeoutMs >= 1 && Number.isFinite(tlsHandshakeTimeoutMs))) {
    throw new RangeError(
      `tlsHandshakeTimeoutMs is ${tlsHandshakeTimeoutMs}; allowed are 1 or more`,
    );
  }
  return options;
}

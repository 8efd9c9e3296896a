/** What goes wrong on an SSH connection, with the reason that the peer is told. */

/** The reason codes of DISCONNECT (RFC 4253, 11.1). */
export const DISCONNECT = {
  hostNotAllowedToConnect: 1,
  protocolError: 2,
  keyExchangeFailed: 3,
  macError: 5,
  serviceNotAvailable: 7,
  protocolVersionNotSupported: 8,
  hostKeyNotVerifiable: 9,
  connectionLost: 10,
  byApplication: 11,
  tooManyConnections: 12,
  noMoreAuthMethodsAvailable: 14,
} as const;

/** The peer broke the protocol, or a connection to it cannot go on. */
export class SshError extends Error {
  override readonly name = "SshError";
  /** One of `DISCONNECT`. */
  readonly reason: number;

  constructor(reason: number, message: string) {
    // A port scan makes thousands of these; a stack says nothing.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
    this.reason = reason;
  }
}

/** Where the ops port listens, and how much it takes. */
import { isIPv4 } from "node:net";
import { ServiceError } from "@holdfast/core";

export interface OpsOptions {
  /**
   * The address to listen on; default 127.0.0.1. Anything but loopback needs `token`: who reaches
   * this port sees everything and can drain the process.
   */
  readonly host: string;
  /** 0 to 65,535, default 6060; 0 takes a free one. */
  readonly port: number;
  /**
   * Lets a successor open the same port before this process has closed it (SO_REUSEPORT); default
   * false. While both are there, either may answer.
   */
  readonly reusePort: boolean;
  /**
   * What callers must send as `Authorization: Bearer …`; at least 16 printable ASCII characters
   * without blanks; default none, which only loopback allows.
   */
  readonly token: string | undefined;
  /**
   * Names that may stand in a request's Host header besides IP addresses and `localhost`, in lower
   * case, without port; default none. A page on the web can make its own name point here.
   */
  readonly hostsAllowed: readonly string[];
  /** Connections at once, 1 or more, default 64; more are closed at once. */
  readonly connectionsMax: number;
  /** Bytes of a request's head, 1,024 or more, default 8,192. */
  readonly headerMaxBytes: number;
  /** Milliseconds to send a request, and to take the reply, 100 or more, default 10,000. */
  readonly requestTimeoutMs: number;
}

const DEFAULTS: OpsOptions = {
  host: "127.0.0.1",
  port: 6060,
  reusePort: false,
  token: undefined,
  hostsAllowed: [],
  connectionsMax: 64,
  headerMaxBytes: 8_192,
  requestTimeoutMs: 10_000,
};

const TOKEN = /^[\x21-\x7e]{16,}$/;

/** Throws a ServiceError `invalid` that says what is wrong and what is allowed. */
export function completeOpsOptions(options: Partial<OpsOptions>): OpsOptions {
  const complete = { ...DEFAULTS, ...options };
  const { host, port, token, connectionsMax, headerMaxBytes, requestTimeoutMs } = complete;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalid(`port is ${port}; it must be from 0 to 65,535`);
  }
  if (token !== undefined && !TOKEN.test(token)) {
    throw invalid("token must be at least 16 printable ASCII characters without blanks");
  }
  if (token === undefined && !isLoopback(host)) {
    throw invalid(`host is ${host}, which others can reach: set a token, or listen on 127.0.0.1`);
  }
  for (const [name, value, least] of [
    ["connectionsMax", connectionsMax, 1],
    ["headerMaxBytes", headerMaxBytes, 1_024],
    ["requestTimeoutMs", requestTimeoutMs, 100],
  ] as const) {
    if (value >= least) continue;
    throw invalid(`${name} is ${value}; it must be ${least} or more`);
  }
  return complete;
}

/** What may be shown of the options. */
export function showOpsOptions(options: OpsOptions): unknown {
  return { ...options, token: options.token === undefined ? "none" : "set" };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function invalid(message: string): ServiceError {
  return new ServiceError("invalid", `ops options: ${message}`);
}

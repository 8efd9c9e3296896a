/** Options of the client: limits and times, each with a finite default. */
import type { TlsOptions } from "@holdfast/core";
import type { Framing, ProtocolName } from "../wire/framing.ts";

export interface ClientOptions {
  /** How the calling service is called; travels with each call (TTHeader). Default `""`. */
  readonly name: string;
  /**
   * What is spoken: `ttheader` (default) carries deadline, request id and names to peers that know
   * it (Holdfast, Kitex); `framed` and `buffered` are what Apache Thrift servers know.
   */
  readonly framing: Framing;
  /** Default `binary`. */
  readonly protocol: ProtocolName;
  /** Connections to one address, 1 or more, default 2. One carries many calls at once. */
  readonly connectionsMax: number;
  /** Calls at once on one connection, 1 to 65,536, default 4,096; more are refused. */
  readonly callsPerConnectionMax: number;
  /** The largest frame that is read or written, 1 KiB to 1 GiB, default 16 MiB. */
  readonly frameMaxBytes: number;
  /** The time a call may take when its context allows more, in ms, default 1,000. */
  readonly callTimeoutMs: number;
  /** Until a connection stands, TLS included, in ms, default 1,000. */
  readonly dialTimeoutMs: number;
  /** Until the server takes what was sent to it, in ms, default 10,000. */
  readonly writeTimeoutMs: number;
  /** Calls wait and not one byte comes: the connection is given up, in ms, default 30,000. */
  readonly silenceTimeoutMs: number;
  /**
   * Calls time out and not one byte comes for so long: new calls get another connection, in ms,
   * default 1,000. Shorter leaves a dead connection sooner; longer spares a slow server new ones.
   */
  readonly unansweredTimeoutMs: number;
  /** Bytes that the server has not taken yet, default 16 MiB; calls above it are refused. */
  readonly unsentMaxBytes: number;
  /** The first pause after a failed dial, in ms, default 50; doubles up to `backoffMaxMs`. */
  readonly backoffMinMs: number;
  /** In ms, default 5,000. Each pause is a random part, half to all, of what it could be. */
  readonly backoffMaxMs: number;
  readonly tls: TlsOptions | undefined;
}

export const CLIENT_DEFAULTS: ClientOptions = {
  name: "",
  framing: "ttheader",
  protocol: "binary",
  connectionsMax: 2,
  callsPerConnectionMax: 4_096,
  frameMaxBytes: 16 * 1024 * 1024,
  callTimeoutMs: 1_000,
  dialTimeoutMs: 1_000,
  writeTimeoutMs: 10_000,
  silenceTimeoutMs: 30_000,
  unansweredTimeoutMs: 1_000,
  unsentMaxBytes: 16 * 1024 * 1024,
  backoffMinMs: 50,
  backoffMaxMs: 5_000,
  tls: undefined,
};

export function completeClientOptions(input: Partial<ClientOptions>): ClientOptions {
  const options = { ...CLIENT_DEFAULTS, ...input };
  inRange(options, "connectionsMax", 1, 1_024);
  inRange(options, "callsPerConnectionMax", 1, 65_536);
  inRange(options, "frameMaxBytes", 1_024, 1024 ** 3);
  inRange(options, "unsentMaxBytes", 64 * 1024, Infinity);
  for (const name of TIMES) inRange(options, name, Number.MIN_VALUE, 2 ** 40);
  if (options.backoffMinMs > options.backoffMaxMs) {
    const { backoffMinMs, backoffMaxMs } = options;
    throw new RangeError(`backoffMinMs ${backoffMinMs} is above backoffMaxMs ${backoffMaxMs}`);
  }
  return options;
}

const TIMES = [
  "callTimeoutMs",
  "dialTimeoutMs",
  "writeTimeoutMs",
  "silenceTimeoutMs",
  "unansweredTimeoutMs",
  "backoffMinMs",
  "backoffMaxMs",
] as const;

type NumberOption = {
  [Name in keyof ClientOptions]: ClientOptions[Name] extends number ? Name : never;
}[keyof ClientOptions];

function inRange(options: ClientOptions, name: NumberOption, min: number, max: number): void {
  const value = options[name];
  if (value >= min && value <= max) return;
  const range = max === Infinity ? `${min} or more` : `from ${min} to ${max}`;
  throw new RangeError(`${name} is ${value}; it must be ${range}`);
}

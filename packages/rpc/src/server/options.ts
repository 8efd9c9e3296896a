/** Options of the server: limits and times, each with a finite default. */
import {
  completeConcurrencyLimitOptions,
  CONCURRENCY_LIMIT_DEFAULTS,
  type ConcurrencyLimitOptions,
} from "@holdfast/resilience";

export interface ServerOptions {
  /** How this service is called in records, metrics and by its callees; default `service`. */
  readonly name: string;
  /**
   * The largest frame that is read or written, 1 KiB to 1 GiB, default 16 MiB. Higher lets one
   * peer take more memory; lower refuses large requests and replies.
   */
  readonly frameMaxBytes: number;
  /** Open connections, 1 or more, default 20,000; one more is closed at once, and counted. */
  readonly connectionsMax: number;
  /**
   * Calls of one connection at work or waiting, 1 or more, default 1,024. When they are reached,
   * nothing more is read from the connection until one ends.
   */
  readonly callsPerConnectionMax: number;
  /** Calls at work and waiting in all. */
  readonly concurrency: ConcurrencyLimitOptions;
  /**
   * Replies that a peer has not taken yet, in bytes, 64 KiB or more, default 4 MiB. Above it
   * nothing more is read from that peer until it has taken them all.
   */
  readonly unsentMaxBytes: number;
  /** Until the first byte of a connection, in ms, more than 0, default 10,000. */
  readonly firstByteTimeoutMs: number;
  /** Without a call and without a byte, in ms, more than 0, default 600,000. */
  readonly idleTimeoutMs: number;
  /** From the first byte of a frame to its last, in ms, more than 0, default 30,000. */
  readonly readTimeoutMs: number;
  /** Until a peer takes what was sent to it, in ms, more than 0, default 30,000. */
  readonly writeTimeoutMs: number;
  /**
   * The time a call may take when its caller allows more or does not say, in ms, more than 0,
   * default 5,000. Lower cuts slow calls off; higher lets them hold their slots.
   */
  readonly callTimeoutMs: number;
}

export const SERVER_DEFAULTS: ServerOptions = {
  name: "service",
  frameMaxBytes: 16 * 1024 * 1024,
  connectionsMax: 20_000,
  callsPerConnectionMax: 1_024,
  concurrency: CONCURRENCY_LIMIT_DEFAULTS,
  unsentMaxBytes: 4 * 1024 * 1024,
  firstByteTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  readTimeoutMs: 30_000,
  writeTimeoutMs: 30_000,
  callTimeoutMs: 5_000,
};

export type ServerOptionsInput = Partial<Omit<ServerOptions, "concurrency">> & {
  readonly concurrency?: Partial<ConcurrencyLimitOptions>;
};

export function completeServerOptions(input: ServerOptionsInput): ServerOptions {
  const concurrency = completeConcurrencyLimitOptions(input.concurrency ?? {});
  const options = { ...SERVER_DEFAULTS, ...input, concurrency };
  inRange(options, "frameMaxBytes", 1024, 1024 ** 3);
  inRange(options, "connectionsMax", 1, Infinity);
  inRange(options, "callsPerConnectionMax", 1, Infinity);
  inRange(options, "unsentMaxBytes", 64 * 1024, Infinity);
  for (const name of TIMES) inRange(options, name, Number.MIN_VALUE, 2 ** 40);
  return options;
}

const TIMES = [
  "firstByteTimeoutMs",
  "idleTimeoutMs",
  "readTimeoutMs",
  "writeTimeoutMs",
  "callTimeoutMs",
] as const;

type NumberOption = {
  [Name in keyof ServerOptions]: ServerOptions[Name] extends number ? Name : never;
}[keyof ServerOptions];

function inRange(options: ServerOptions, name: NumberOption, min: number, max: number): void {
  const value = options[name];
  if (value >= min && value <= max) return;
  const range = max === Infinity ? `${min} or more` : `from ${min} to ${max}`;
  throw new RangeError(`${name} is ${value}; it must be ${range}`);
}

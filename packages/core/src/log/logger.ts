/**
 * The log as every part sees it: a message that never changes, and fields that do. The lines are
 * written by whoever implements this (ops: pino).
 */

export type LogFields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  /**
   * `message` is a constant, so that lines can be grouped; what varies goes into `fields`. An error
   * goes under `error`. Never throws.
   */
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that puts `fields` on every line. */
  child(fields: LogFields): Logger;
}

/** Says nothing; the default wherever a logger is an option. */
export const silentLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
});

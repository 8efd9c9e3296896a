/**
 * The log of a process: core's `Logger` over pino, one JSON object a line. Lines are written in
 * the background; what is not yet written at an exit or a crash is written then.
 */
import { type Clock, type LogFields, type Logger, LOG_LEVELS, type LogLevel } from "@holdfast/core";
import { type Logger as Pino, pino } from "pino";
import { LineWriter } from "./line-writer.ts";
import { loggable, loggableFields, loggableText } from "./loggable.ts";

export interface PinoLoggerOptions {
  readonly clock: Clock;
  /** What is below it costs nothing and shows nowhere; default `info`. `setLevel` changes it. */
  readonly level?: LogLevel;
  /** A path, or the number of an open file; default 1, standard output. */
  readonly file?: string | number;
  /** Fields on every line, such as the name of the service; default none. */
  readonly fields?: LogFields;
  /**
   * How much may wait to be written, in UTF-16 units, more than 0, default 16 Mi: when whoever
   * reads the log is slower for so long, lines are dropped and counted. More costs memory in an
   * outage, less costs lines.
   */
  readonly pendingMax?: number;
}

/** What only the log of the process has, and not its children. */
export interface ProcessLogger extends Logger {
  /** The level in effect. */
  readonly level: LogLevel;
  /** Lines that could not be kept or written. */
  readonly droppedCount: number;
  /** For this logger and the children made after it. */
  setLevel(level: LogLevel): void;
  /** Resolves when all lines so far are written, or dropped. */
  flush(): Promise<void>;
  /** Flushes and lets the file go; lines after that are dropped. */
  close(): Promise<void>;
}

const DEFAULT_PENDING_MAX = 16 * 1024 * 1024;

/** Throws when the file cannot be opened or the level is none. */
export function createPinoLogger(options: PinoLoggerOptions): ProcessLogger {
  const { clock, level = "info", file = 1, fields = {} } = options;
  checkLevel(level);
  const writer = new LineWriter({
    clock,
    file,
    pendingMax: options.pendingMax ?? DEFAULT_PENDING_MAX,
  });
  const lines = pino(
    {
      level,
      base: loggableFields(fields),
      timestamp: () => `,"time":${Math.round(clock.epochMs())}`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => writer.write(line) },
  );
  return new PinoProcessLogger(lines, writer);
}

class PinoLogger implements Logger {
  protected readonly lines: Pino;

  constructor(lines: Pino) {
    this.lines = lines;
  }

  debug(message: string, fields?: LogFields): void {
    this.put("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.put("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.put("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.put("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.lines.child(loggableFields(fields)));
  }

  private put(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.lines.isLevelEnabled(level)) return;
    if (fields === undefined) this.lines[level](loggableText(message));
    else this.lines[level](loggableFields(fields), loggableText(message));
  }
}

class PinoProcessLogger extends PinoLogger implements ProcessLogger {
  private readonly writer: LineWriter;

  constructor(lines: Pino, writer: LineWriter) {
    super(lines);
    this.writer = writer;
  }

  get level(): LogLevel {
    return this.lines.level as LogLevel;
  }

  get droppedCount(): number {
    return this.writer.droppedCount;
  }

  setLevel(level: LogLevel): void {
    checkLevel(level);
    this.lines.level = level;
  }

  flush(): Promise<void> {
    return this.writer.flush();
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

function checkLevel(level: LogLevel): void {
  if (LOG_LEVELS.includes(level)) return;
  throw new RangeError(`level is ${String(loggable(level))}; it must be ${LOG_LEVELS.join(", ")}`);
}

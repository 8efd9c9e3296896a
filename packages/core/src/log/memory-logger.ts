/** A logger for tests: keeps its lines, and those of its children, in one list. */
import type { LogFields, Logger, LogLevel } from "./logger.ts";

export interface MemoryLogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export class MemoryLogger implements Logger {
  readonly lines: MemoryLogLine[];
  private readonly fields: LogFields;

  constructor(fields: LogFields = {}, lines: MemoryLogLine[] = []) {
    this.fields = fields;
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

  child(fields: LogFields): MemoryLogger {
    return new MemoryLogger({ ...this.fields, ...fields }, this.lines);
  }

  private put(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.lines.push({ level, message, fields: { ...this.fields, ...fields } });
  }
}

/** What a proxy and its supervisor wrote to their logs, line by line. */
import { readFileSync } from "node:fs";

export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The lines with this message, oldest first; what is no line of the log is left out. */
export function logLines(file: string, message: string): LogLine[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ msg }) => msg === message);
}

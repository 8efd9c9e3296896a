/** Where the process writes its log lines. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createPinoLogger, type ProcessLogger } from "holdfast";
import type { ProcessOptions } from "./options.ts";

export function openLog(options: ProcessOptions): ProcessLogger {
  if (options.log === "-") return createPinoLogger();
  mkdirSync(dirname(options.log), { recursive: true });
  return createPinoLogger({ file: options.log });
}

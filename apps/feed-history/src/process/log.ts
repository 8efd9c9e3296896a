/** Where the process writes its log lines. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, createPinoLogger, type ProcessLogger } from "holdfast";
import type { ProcessOptions } from "./options.ts";

export function openLog(options: ProcessOptions, clock: Clock): ProcessLogger {
  if (options.log === "-") return createPinoLogger({ clock });
  mkdirSync(dirname(options.log), { recursive: true });
  return createPinoLogger({ clock, file: options.log });
}

/** Where the process writes its log lines. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, createPinoLogger, type ProcessLogger, ServiceError } from "holdfast";
import type { ProcessOptions } from "./options.ts";

/** Throws a ServiceError that names the folder when it cannot be written to. */
export function openLog(options: ProcessOptions, clock: Clock): ProcessLogger {
  if (options.log === "-") return createPinoLogger({ clock });
  const folder = dirname(options.log);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `no log: ${folder} is no folder and cannot be made (${code})`;
    throw new ServiceError("unavailable", message, { cause });
  }
  return createPinoLogger({ clock, file: options.log });
}

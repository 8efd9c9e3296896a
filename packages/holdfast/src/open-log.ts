/** Where a program writes its log lines: a file whose folder is made, or standard output. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, ServiceError } from "@holdfast/core";
import { createPinoLogger, type ProcessLogger } from "@holdfast/ops";

/**
 * `file`: a path, or `-` for standard output. Throws a ServiceError that names the folder when it
 * cannot be written to.
 */
export function openLog(file: string, clock: Clock): ProcessLogger {
  if (file === "-") return createPinoLogger({ clock });
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `no log: ${folder} is no folder and cannot be made (${code})`;
    throw new ServiceError("unavailable", message, { cause });
  }
  return createPinoLogger({ clock, file });
}

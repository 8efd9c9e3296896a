/** A log as a stream of bytes: a file, one that is packed, or standard input. */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createGunzip } from "node:zlib";
import { CommandError, EXIT, usageError } from "../command.ts";
import type { Terminal } from "../terminal.ts";

/** Ends with a CommandError where it cannot be read. */
export function openLogFile(file: string, terminal: Terminal): AsyncIterable<Uint8Array> {
  if (file !== "-") return readFile(file, terminal);
  if (terminal.input === undefined) throw usageError("there is no standard input", "name a file");
  return terminal.input;
}

async function* readFile(file: string, terminal: Terminal): AsyncGenerator<Uint8Array> {
  const bytes = createReadStream(resolve(terminal.cwd, file));
  const source = file.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes;
  // A pipe does not carry errors on.
  bytes.on("error", (error) => source.destroy(error));
  try {
    yield* source as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { message } = error as Error;
    const advice = "name a log file of ssh-proxy, or - for standard input";
    throw new CommandError(EXIT.usage, `cannot read ${file}: ${message}`, advice, error);
  } finally {
    bytes.destroy();
  }
}

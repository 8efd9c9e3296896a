/** What a command sees of the process it runs in; tests give it another one. */
import { type Screen, TtyScreen } from "./top/screen.ts";

export interface Terminal {
  /** Relative paths are relative to it. */
  readonly cwd: string;
  /** Prints a line, or several, on standard output. */
  out(text: string): void;
  /** The same on standard error. */
  err(text: string): void;
  /** Standard input; only read where a command asks for it. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Where standard output is a terminal: takes all of it until the screen is closed. */
  readonly openScreen?: () => Screen;
}

export function systemTerminal(): Terminal {
  return {
    cwd: process.cwd(),
    // Not before somebody reads: touching it would keep the process.
    get input() {
      return process.stdin as AsyncIterable<Uint8Array>;
    },
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    ...(process.stdout.isTTY && { openScreen: () => new TtyScreen(process.stdout, process) }),
  };
}

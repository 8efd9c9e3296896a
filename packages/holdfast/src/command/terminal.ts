/** What a command sees of the process it runs in; tests give it another one. */
import { type Screen, TtyScreen } from "./top/screen.ts";

export interface Terminal {
  /** Relative paths are relative to it. */
  readonly cwd: string;
  /** Prints a line, or several, on standard output. */
  out(text: string): void;
  /** The same on standard error. */
  err(text: string): void;
  /** Where standard output is a terminal: takes all of it until the screen is closed. */
  readonly openScreen?: () => Screen;
}

export function systemTerminal(): Terminal {
  return {
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    ...(process.stdout.isTTY && { openScreen: () => new TtyScreen(process.stdout, process) }),
  };
}

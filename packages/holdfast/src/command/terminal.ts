/** What a command sees of the process it runs in; tests give it another one. */
export interface Terminal {
  /** Relative paths are relative to it. */
  readonly cwd: string;
  /** Prints a line, or several, on standard output. */
  out(text: string): void;
  /** The same on standard error. */
  err(text: string): void;
}

export function systemTerminal(): Terminal {
  return {
    cwd: process.cwd(),
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
  };
}

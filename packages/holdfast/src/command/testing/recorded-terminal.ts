/** A terminal that keeps what it was told, for tests. */
import type { Terminal } from "../terminal.ts";

export class RecordedTerminal implements Terminal {
  readonly cwd: string;
  stdout = "";
  stderr = "";

  constructor(cwd: string = process.cwd()) {
    this.cwd = cwd;
  }

  out(text: string): void {
    this.stdout += `${text}\n`;
  }

  err(text: string): void {
    this.stderr += `${text}\n`;
  }
}

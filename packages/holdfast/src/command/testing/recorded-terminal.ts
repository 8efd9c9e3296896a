/** A terminal that keeps what it was told, for tests. */
import { Readable } from "node:stream";
import type { Terminal } from "../terminal.ts";

export class RecordedTerminal implements Terminal {
  readonly cwd: string;
  readonly input: AsyncIterable<Uint8Array>;
  stdout = "";
  stderr = "";

  constructor(cwd: string = process.cwd(), input: string | AsyncIterable<Uint8Array> = "") {
    this.cwd = cwd;
    this.input = typeof input === "string" ? Readable.from([Buffer.from(input)]) : input;
  }

  out(text: string): void {
    this.stdout += `${text}\n`;
  }

  err(text: string): void {
    this.stderr += `${text}\n`;
  }
}

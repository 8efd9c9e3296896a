/** Walks along a hash chain, line by line, up to the first line that is not as it was written. */
import {
  CHAIN_RECOVERED,
  CHAIN_START,
  type ChainedLine,
  type ChainEnd,
  describeBroken,
  readChainedLine,
} from "./hash-chain.ts";

export interface ChainProblem {
  /** From 1. */
  readonly lineNumber: number;
  /** For people, without control characters. */
  readonly why: string;
}

export class ChainVerifier {
  private last: ChainEnd = CHAIN_START;
  private lineNumber = 0;
  private recovered = 0;
  /** A line that is none, which the next line must vouch for. */
  private broken: { brokenBytes: number; brokenSha256: string } | undefined = undefined;
  private found: ChainProblem | undefined = undefined;

  /** The last line that was right. */
  get end(): ChainEnd {
    return this.last;
  }

  /** How many broken lines (a crash, a full disk) were vouched for by the line behind them. */
  get recoveredCount(): number {
    return this.recovered;
  }

  /** A line without its line end. After the first problem nothing is looked at any more. */
  take(line: Uint8Array): ChainProblem | undefined {
    if (this.found !== undefined) return this.found;
    this.lineNumber++;
    const read = readChainedLine(line);
    if (read === undefined) return this.takeBroken(line);
    const why = this.complaint(read);
    if (why !== undefined) return this.fail(this.lineNumber, why);
    if (this.broken !== undefined) this.recovered++;
    this.broken = undefined;
    this.last = read;
    return undefined;
  }

  /** At the end of the file: `true` when it ended without a problem but in a broken line. */
  finish(): { readonly problem: ChainProblem | undefined; readonly brokenEnd: boolean } {
    return { problem: this.found, brokenEnd: this.broken !== undefined };
  }

  private takeBroken(line: Uint8Array): ChainProblem | undefined {
    if (this.broken !== undefined) return this.failBroken();
    this.broken = describeBroken(line);
    return undefined;
  }

  private complaint({ seq, previous, fields }: ChainedLine): string | undefined {
    const { broken, last } = this;
    if (broken !== undefined && !vouchesFor(fields, broken)) return this.failBroken().why;
    if (previous !== last.hash) return `it does not follow line ${last.seq} of the chain`;
    if (seq !== last.seq + 1) return `its seq is ${seq}, where ${last.seq + 1} must be`;
    return undefined;
  }

  /** The broken line is the first that is wrong, not the one that shows it. */
  private failBroken(): ChainProblem {
    return this.fail(this.lineNumber - 1, "it is not as it was written");
  }

  private fail(lineNumber: number, why: string): ChainProblem {
    this.found ??= { lineNumber, why };
    return this.found;
  }
}

function vouchesFor(
  fields: ChainedLine["fields"],
  { brokenBytes, brokenSha256 }: { brokenBytes: number; brokenSha256: string },
): boolean {
  return (
    fields["event"] === CHAIN_RECOVERED &&
    fields["brokenBytes"] === brokenBytes &&
    fields["brokenSha256"] === brokenSha256
  );
}

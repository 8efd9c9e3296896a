/** Walks along a hash chain, line by line, up to the first line that is not as it was written. */
import { createHash, type Hash } from "node:crypto";
import {
  type BrokenBytes,
  CHAIN_RECOVERED,
  CHAIN_START,
  type ChainedLine,
  type ChainEnd,
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
  /** What is no line, and what the next line must vouch for. */
  private broken: BrokenLines | undefined = undefined;
  private found: ChainProblem | undefined = undefined;

  /** The last line that was right. */
  get end(): ChainEnd {
    return this.last;
  }

  /** How often a line vouched for broken ones (a crash, a power failure) before it. */
  get recoveredCount(): number {
    return this.recovered;
  }

  /** The first broken line that no line has vouched for yet, from 1: how a crash leaves a file. */
  get brokenLineNumber(): number | undefined {
    return this.broken?.lineNumber;
  }

  /** The first problem, if there is any so far. */
  get problem(): ChainProblem | undefined {
    return this.found;
  }

  /** A line without its line end. After the first problem nothing is looked at any more. */
  take(line: Uint8Array): void {
    if (this.found !== undefined) return;
    this.lineNumber++;
    const read = readChainedLine(line);
    if (read === undefined) {
      this.broken ??= new BrokenLines(this.lineNumber);
      this.broken.add(line);
      return;
    }
    this.found = this.complaint(read);
    if (this.found !== undefined) return;
    if (this.broken !== undefined) this.recovered++;
    this.broken = undefined;
    this.last = { seq: read.seq, hash: read.hash };
  }

  private complaint({ seq, previous, fields }: ChainedLine): ChainProblem | undefined {
    const { broken, last, lineNumber } = this;
    if (broken !== undefined && !vouchesFor(fields, broken.describe())) {
      // The broken line is the first that is wrong, not the one that shows it.
      return { lineNumber: broken.lineNumber, why: "it is not as it was written" };
    }
    if (previous !== last.hash) {
      return { lineNumber, why: `it does not follow line ${last.seq} of the chain` };
    }
    if (seq === last.seq + 1) return undefined;
    return { lineNumber, why: `its seq is ${seq}, where ${last.seq + 1} must be` };
  }
}

/** Lines one behind the other, as the bytes they were; only their hash is kept. */
class BrokenLines {
  readonly lineNumber: number;
  private readonly hash: Hash = createHash("sha256");
  private bytes = 0;
  private lines = 0;

  constructor(lineNumber: number) {
    this.lineNumber = lineNumber;
  }

  add(line: Uint8Array): void {
    if (this.lines > 0) this.update(Buffer.from("\n"));
    this.update(line);
    this.lines++;
  }

  describe(): BrokenBytes {
    return { brokenBytes: this.bytes, brokenSha256: this.hash.copy().digest("hex") };
  }

  private update(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.bytes += bytes.length;
  }
}

function vouchesFor(fields: ChainedLine["fields"], broken: BrokenBytes): boolean {
  return (
    fields["event"] === CHAIN_RECOVERED &&
    fields["brokenBytes"] === broken.brokenBytes &&
    fields["brokenSha256"] === broken.brokenSha256
  );
}

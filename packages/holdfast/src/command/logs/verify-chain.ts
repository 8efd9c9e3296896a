/** Whether an audit file is as it was written, in a sentence. */
import { ChainVerifier, CHAINED_LINE_MAX_BYTES } from "@holdfast/ops";
import { readLines } from "./read-lines.ts";

export interface ChainVerdict {
  readonly whole: boolean;
  readonly text: string;
}

export async function verifyChain(source: AsyncIterable<Uint8Array>): Promise<ChainVerdict> {
  const verifier = new ChainVerifier();
  // One byte more than a line may have: a longer one is none.
  await readLines(source, CHAINED_LINE_MAX_BYTES + 1, (line) => verifier.take(line));
  const { problem, brokenLineNumber, recoveredCount, end } = verifier;
  if (problem !== undefined) {
    return { whole: false, text: `line ${problem.lineNumber} is bad: ${problem.why}` };
  }
  const upTo = `the last line is ${end.seq}, its hash ${end.hash}`;
  if (brokenLineNumber !== undefined) {
    const text =
      `whole up to line ${brokenLineNumber - 1}; what follows is no line, as a crash or a write ` +
      `that is going on leaves it (${upTo})`;
    return { whole: false, text };
  }
  if (end.seq === 0) return { whole: false, text: "it has no lines" };
  const crashes = recoveredCount === 0 ? "" : `, ${recoveredCount} broken by a crash and noted`;
  return { whole: true, text: `whole${crashes}; ${upTo}` };
}

/** After a write: whether the processes that were named took it, which only they can tell. */
import { escapeControl, formatConfigProblem, type Runtime, sleep } from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { OpsProcess } from "./ops-process.ts";

export interface WrittenRevision {
  readonly path: string;
  readonly revision: string;
}

/** Changes take less than a second; a process that reads a file may look at it less often. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 100;

/** Throws when one refused it: then it still runs on what it had. */
export async function awaitTaken(
  processes: readonly OpsProcess[],
  written: WrittenRevision,
  runtime: Runtime,
  terminal: Terminal,
): Promise<void> {
  const answers = await Promise.all(
    processes.map((process) => answerOf(process, written, runtime)),
  );
  for (const [index, { url }] of processes.entries()) {
    terminal.err(escapeControl(`${url} ${answers[index]}`));
  }
  if (answers.every((answer) => answer === TAKEN)) return;
  throw new CommandError(
    EXIT.failed,
    "it was written, and not taken by all",
    `holdfast config rollback '${written.path}' takes it back`,
  );
}

const TAKEN = "has taken it";

async function answerOf(
  process: OpsProcess,
  { revision }: WrittenRevision,
  { clock }: Runtime,
): Promise<string> {
  const giveUpMs = clock.nowMs() + PATIENCE_MS;
  while (clock.nowMs() < giveUpMs) {
    const { sources, refused } = await process.config();
    const refusal = refused.find((each) => each.revision === revision);
    if (refusal !== undefined) {
      const problems = refusal.problems.map((problem) => formatConfigProblem("", problem));
      return `refuses it, and keeps what it had: ${problems.join("; ")}`;
    }
    if (sources.some((source) => isAt(source.revision, revision))) return TAKEN;
    await sleep(clock, LOOK_MS);
  }
  return `has not taken it within ${PATIENCE_MS / 1_000} s: see its /config`;
}

/** A store's revisions only grow: somebody may have written something else since. */
function isAt(now: string | undefined, written: string): boolean {
  if (now === written) return true;
  return /^\d+$/.test(written) && now !== undefined && Number(now) > Number(written);
}

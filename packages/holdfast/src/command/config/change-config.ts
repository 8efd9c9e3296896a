/** `holdfast config diff`, `set` and `rollback`: show what would change, and change it. */
import { hostname, userInfo } from "node:os";
import {
  type AnyLiveSchema,
  CHANGE_FIELD,
  compileRules,
  type ConfigChange,
  formatConfigProblem,
  LIVE_CONFIG_DEFAULTS,
  type Runtime,
} from "@holdfast/core";
import { LIVE_SCHEMAS } from "../../live-schemas.ts";
import { CommandError, EXIT, type OptionValues, textOption } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import { awaitTaken } from "./await-taken.ts";
import type { ConfigStore, KeptVersion, StoreView } from "./config-store.ts";
import type { OpsProcess } from "./ops-process.ts";
import { diffDocuments, previewChange } from "./preview.ts";
import { readDocumentArguments, withoutChangeText } from "./read-document.ts";

export interface Workplace {
  readonly store: ConfigStore;
  readonly processes: readonly OpsProcess[];
  readonly runtime: Runtime;
  readonly terminal: Terminal;
  readonly values: OptionValues;
}

/** `diff` writes nothing; `set` writes what `diff` shows. */
export async function changeDocument(
  place: Workplace,
  path: string,
  words: readonly string[],
  write: boolean,
): Promise<number> {
  const seen = await place.store.read();
  expectRevision(place, seen, path);
  const before = withoutChangeText(seen.documents.get(path)?.text);
  const after = readDocumentArguments(words, before);
  return applyChange(place, seen, path, after, write);
}

/** Back to the version before, or to the one that `--to` names. */
export async function rollBack(place: Workplace, path: string): Promise<number> {
  const { store, values } = place;
  const seen = await store.read();
  const kept = await store.history(path);
  const wanted = textOption(values, "to");
  const version = wanted === undefined ? kept.at(-1) : findVersion(kept, wanted);
  if (version === undefined) {
    const what = wanted === undefined ? "no version before this one" : `no revision ${wanted}`;
    const advice = `holdfast config history ${path} … lists those there are`;
    throw new CommandError(EXIT.failed, `${path} has ${what}; nothing was written`, advice);
  }
  const why = textOption(values, "why") ?? `rolled back to ${version.revision || "nothing"}`;
  const undone = { ...place, values: { ...values, why } };
  return applyChange(undone, seen, path, withoutChangeText(version.text), true);
}

function findVersion(kept: readonly KeptVersion[], revision: string): KeptVersion | undefined {
  return kept.findLast((version) => version.revision === revision);
}

async function applyChange(
  place: Workplace,
  seen: StoreView,
  path: string,
  after: string | undefined,
  write: boolean,
): Promise<number> {
  const { store, processes, runtime, terminal } = place;
  const before = withoutChangeText(seen.documents.get(path)?.text);
  const lines = diffDocuments(before, after);
  if (lines.length === 0 && (before === undefined) === (after === undefined)) {
    terminal.out(`${path} is that already: nothing to change`);
    return EXIT.ok;
  }
  await checkDocument(path, after, processes);
  terminal.out([`${path} in ${store.name}, revision ${seen.revision}`, ...lines].join("\n"));
  await previewChange(processes, { path, text: after }, runtime, terminal);
  if (!write) return EXIT.ok;
  const change = describeChange(place);
  const text = after === undefined ? undefined : withChange(after, change);
  const revision = await store.write(seen, path, text, change);
  const undo = `holdfast config rollback '${path}' takes it back`;
  terminal.err(`\nwritten as revision ${revision}; ${undo}`);
  await awaitTaken(processes, { path, revision }, runtime, terminal);
  return EXIT.ok;
}

/** Against the policies of this release, and those that the processes say they have. */
async function checkDocument(
  path: string,
  text: string | undefined,
  processes: readonly OpsProcess[],
): Promise<void> {
  const schemas = new Map<string, AnyLiveSchema>(
    LIVE_SCHEMAS.map((schema) => [schema.policy, schema]),
  );
  for (const state of await Promise.all(processes.map((each) => each.config()))) {
    for (const [policy, fields] of Object.entries(state.schemas)) {
      schemas.set(policy, { policy, fields });
    }
  }
  const compiled = compileRules(new Map([[path, text ?? "{}"]]), schemas, LIVE_CONFIG_DEFAULTS);
  if (compiled.kind === "rules") return;
  const problems = compiled.problems.map((problem) => formatConfigProblem("", problem));
  const own = "policies of your own are known with --ops URL of a process that has them";
  throw new CommandError(
    EXIT.usage,
    "processes would refuse it; nothing was written",
    [...problems, own].join("\n"),
  );
}

function describeChange({ values, runtime }: Workplace): ConfigChange {
  const why = textOption(values, "why");
  return {
    by: textOption(values, "by") ?? `${userInfo().username}@${hostname()}`,
    at: new Date(runtime.clock.epochMs()).toISOString(),
    ...(why === undefined ? {} : { why }),
  };
}

function withChange(text: string, change: ConfigChange): string {
  return JSON.stringify({ ...(JSON.parse(text) as object), [CHANGE_FIELD]: change });
}

/** `--expect`: what somebody looked at before must still be what is there. */
function expectRevision({ values }: Workplace, seen: StoreView, path: string): void {
  const expected = textOption(values, "expect");
  const found = seen.documents.get(path)?.revision ?? "none";
  if (expected === undefined || expected === found) return;
  const message = `${path} is at revision ${found}, not ${expected}; nothing was written`;
  throw new CommandError(EXIT.failed, message, `look at it again: holdfast config get ${path} …`);
}

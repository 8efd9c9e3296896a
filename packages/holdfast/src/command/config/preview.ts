/**
 * What a change would mean for running processes: the calls that it is for, how many there are of
 * them now, and what each value of them is and would be.
 */
import {
  type AnyLiveSchema,
  compileRules,
  type ConfigRules,
  type ConfigState,
  CHANGE_FIELD,
  escapeControl,
  formatConfigProblem,
  LIVE_CONFIG_DEFAULTS,
  pathsFor,
  type Runtime,
  sleep,
  type SourceRules,
  valuesFor,
} from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { CallCounts, OpsProcess } from "./ops-process.ts";

export interface PlannedChange {
  readonly path: string;
  /** Undefined: the document goes. */
  readonly text: string | undefined;
}

/** Calls are counted for this long: rare ones show as 0. */
const COUNTED_MS = 1_000;
/** More affected methods than this are only counted. */
const KEYS_SHOWN_MAX = 20;

/** Prints it; throws when one of the processes would refuse the change. */
export async function previewChange(
  processes: readonly OpsProcess[],
  change: PlannedChange,
  runtime: Runtime,
  terminal: Terminal,
): Promise<void> {
  if (processes.length === 0) return;
  const before = await Promise.all(processes.map((each) => each.calls()));
  const states = await Promise.all(processes.map((each) => each.config()));
  await sleep(runtime.clock, COUNTED_MS);
  const after = await Promise.all(processes.map((each) => each.calls()));
  for (const [index, process] of processes.entries()) {
    const counts = { before: before[index]!, after: after[index]! };
    await previewProcess(process, states[index]!, counts, change, terminal);
  }
}

interface Counts {
  readonly before: CallCounts;
  readonly after: CallCounts;
}

async function previewProcess(
  process: OpsProcess,
  state: ConfigState,
  counts: Counts,
  change: PlannedChange,
  terminal: Terminal,
): Promise<void> {
  terminal.out(`\n${process.url}`);
  for (const { name, stale, revision } of state.sources) {
    const age = stale === undefined ? "" : `, out of date: ${stale}`;
    terminal.out(escapeControl(`  ${name} at ${revision ?? "no revision"}${age}`));
  }
  const sets = plannedRules(process.url, state, change);
  const keys = state.keys.filter((key) => pathsFor(keyOf(key)).includes(change.path));
  if (keys.length === 0) terminal.out("  none of its calls so far is meant by this path");
  for (const key of keys.slice(0, KEYS_SHOWN_MAX)) {
    terminal.out(escapeControl(`  ${key}  ${callsPerSecond(key, counts)} calls/s`));
    await previewKey(process, key, sets, terminal);
  }
  const more = keys.length - KEYS_SHOWN_MAX;
  if (more > 0) terminal.out(`  and ${more} more`);
}

async function previewKey(
  process: OpsProcess,
  key: string,
  sets: readonly SourceRules[],
  terminal: Terminal,
): Promise<void> {
  const { policies } = await process.explain(key);
  for (const { policy, owner, values } of policies) {
    const planned = valuesFor(sets, keyOf(key), policy);
    const name = owner === "" ? policy : `${owner} ${policy}`;
    for (const [field, { value, own, path }] of Object.entries(values)) {
      const ruled = planned.get(field);
      const then = ruled === undefined ? own : ruled.value;
      if (same(value, then)) continue;
      const by = path === undefined ? "its own" : `by ${path}`;
      const line = `    ${name}.${field}  ${showValue(value)} (${by}) → ${showValue(then)}`;
      terminal.out(escapeControl(line));
    }
  }
}

/** The rules of the process with the change in them; throws when it would not take them. */
function plannedRules(
  url: string,
  state: ConfigState,
  { path, text }: PlannedChange,
): readonly SourceRules[] {
  const schemas = new Map<string, AnyLiveSchema>(
    Object.entries(state.schemas).map(([policy, fields]) => [policy, { policy, fields }]),
  );
  const sources = state.sources.map(({ name }) => name);
  // Which of the sources is the one that is written cannot be told from here; the last one wins.
  const written = state.rules.findLast((rule) => rule.path === path)?.source ?? sources.at(-1);
  return sources.map((source) => {
    const documents = state.rules
      .filter((rule) => rule.source === source && (source !== written || rule.path !== path))
      .map((rule) => [rule.path, JSON.stringify(rule.values)] as const);
    if (source === written && text !== undefined) documents.push([path, text]);
    return { source, rules: compile(url, new Map(documents), schemas) };
  });
}

function compile(
  url: string,
  documents: ReadonlyMap<string, string>,
  schemas: ReadonlyMap<string, AnyLiveSchema>,
): ConfigRules {
  const compiled = compileRules(documents, schemas, LIVE_CONFIG_DEFAULTS);
  if (compiled.kind === "rules") return compiled.rules;
  throw new CommandError(
    EXIT.failed,
    `${url} would refuse it; nothing was written`,
    compiled.problems.map((problem) => formatConfigProblem("", problem)).join("\n"),
  );
}

/** Field by field: what was, what will be. Empty when nothing changes. */
export function diffDocuments(before: string | undefined, after: string | undefined): string[] {
  const [left, right] = [flatten(before), flatten(after)];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const width = Math.max(0, ...names.map((name) => name.length));
  return names.flatMap((name) => {
    const [was, is] = [left.get(name), right.get(name)];
    if (was === is) return [];
    return [escapeControl(`  ${name.padEnd(width)}  ${was ?? "(none)"} → ${is ?? "(none)"}`)];
  });
}

/** By `policy.field`: JSON. */
function flatten(text: string | undefined): ReadonlyMap<string, string> {
  const flat = new Map<string, string>();
  if (text === undefined) return flat;
  for (const [policy, fields] of Object.entries(JSON.parse(text) as Record<string, object>)) {
    if (policy === CHANGE_FIELD) continue;
    const values = Object.entries(fields);
    if (values.length === 0) flat.set(policy, "{}");
    for (const [field, value] of values) flat.set(`${policy}.${field}`, JSON.stringify(value));
  }
  return flat;
}

function callsPerSecond(key: string, { before, after }: Counts): string {
  const { callee, method } = keyOf(key);
  const name = `${callee}/${method}`;
  const calls = (after.get(name) ?? 0) - (before.get(name) ?? 0);
  return ((calls * 1_000) / COUNTED_MS).toFixed(1);
}

function keyOf(key: string): { caller: string; callee: string; method: string } {
  const [caller = "", callee = "", method = ""] = key.split("/");
  return { caller, callee, method };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

function showValue(value: unknown): string {
  return value === undefined ? "(none)" : JSON.stringify(value);
}

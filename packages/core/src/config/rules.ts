/** The documents of one source as rules: all of them checked, or none taken. */
import { cutText, escapeControl } from "../log/escape.ts";
import {
  type ConfigDocument,
  type ConfigProblem,
  type DocumentLimits,
  readDocument,
} from "./document.ts";
import type { LiveSchemas } from "./live-schema.ts";
import { type ConfigKey, complaintAboutPath, pathsFor } from "./rule-path.ts";

export interface RulesLimits extends DocumentLimits {
  readonly rulesMax: number;
}

/** One document with its path. */
export interface ConfigRule extends ConfigDocument {
  readonly path: string;
  readonly text: string;
}

/** By path. */
export type ConfigRules = ReadonlyMap<string, ConfigRule>;

/** Rules with the name of the source they came from. */
export interface SourceRules {
  readonly source: string;
  readonly rules: ConfigRules;
}

export type CompiledRules =
  | { readonly kind: "rules"; readonly rules: ConfigRules }
  /** At least one, and no more than a few. */
  | { readonly kind: "refused"; readonly problems: readonly ConfigProblem[] };

/** What stands at the top of a list of hundreds is what is read. */
const PROBLEMS_MAX = 20;
const PATH_MAX_LENGTH = 400;

/** Never throws, whatever the entries are. */
export function compileRules(
  entries: ReadonlyMap<string, string>,
  schemas: LiveSchemas,
  limits: RulesLimits,
): CompiledRules {
  const problems: ConfigProblem[] = [];
  if (entries.size > limits.rulesMax) {
    const reason = `there are ${entries.size} documents, more than ${limits.rulesMax}`;
    return { kind: "refused", problems: [{ path: "", reason }] };
  }
  const rules = new Map<string, ConfigRule>();
  for (const [path, text] of entries) {
    if (problems.length >= PROBLEMS_MAX) break;
    const complaint = complaintAboutPath(path);
    if (complaint !== undefined) {
      const shown = escapeControl(cutText(path, PATH_MAX_LENGTH));
      problems.push({ path: shown, reason: `the path ${complaint}` });
      continue;
    }
    const document = readDocument(path, text, schemas, limits, problems);
    if (document !== undefined) rules.set(path, { path, text, ...document });
  }
  if (problems.length === 0) return { kind: "rules", rules };
  return { kind: "refused", problems: problems.slice(0, PROBLEMS_MAX) };
}

/** A value with the rule that gave it. */
export interface RuledValue {
  readonly value: unknown;
  readonly path: string;
  readonly source: string;
}

/**
 * Every value that the rules have for the key's calls, by field. Where two sources have a document
 * under one path, the later source wins; a more specific path wins over any source.
 */
export function valuesFor(
  sets: readonly SourceRules[],
  key: ConfigKey,
  policy: string,
): ReadonlyMap<string, RuledValue> {
  const values = new Map<string, RuledValue>();
  for (const path of pathsFor(key)) {
    for (const { source, rules } of sets) {
      const fields = rules.get(path)?.policies.get(policy);
      if (fields === undefined) continue;
      for (const [field, value] of fields) values.set(field, { value, path, source });
    }
  }
  return values;
}

/** `live.json: feed/history/Get: retry.triesMax: is 0; …`: source, path, reason, safe to print. */
export function formatConfigProblem(source: string, { path, reason }: ConfigProblem): string {
  return escapeControl([source, path, reason].filter((part) => part !== "").join(": "));
}

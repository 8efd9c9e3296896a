/** What changed and what was refused, the last few of each: for `/config` and for the log. */
import type { ConfigChange, ConfigProblem } from "./document.ts";
import type { ConfigRule, ConfigRules } from "./rules.ts";

/** One field of one document that is not what it was; `undefined` where there is none. */
export interface FieldChange {
  /** Such as `retry.triesMax`. */
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface RuleChange {
  readonly path: string;
  readonly kind: "added" | "changed" | "removed";
  readonly fields: readonly FieldChange[];
  /** Who it was, as the document says; a removal says nothing. */
  readonly change: ConfigChange | undefined;
}

export interface AcceptedRevision {
  readonly atEpochMs: number;
  readonly source: string;
  /** Undefined for the first. */
  readonly revisionBefore: string | undefined;
  readonly revision: string;
  /** At most `RULES_SHOWN_MAX` of them. */
  readonly rules: readonly RuleChange[];
  readonly rulesChanged: number;
}

export interface RefusedRevision {
  readonly atEpochMs: number;
  readonly source: string;
  /** The one that stays. */
  readonly revisionKept: string | undefined;
  readonly revision: string;
  readonly problems: readonly ConfigProblem[];
}

/** A revision that changes more than this is read where it was written. */
export const RULES_SHOWN_MAX = 50;

export function compareRules(before: ConfigRules, after: ConfigRules): RuleChange[] {
  const changes: RuleChange[] = [];
  for (const [path, rule] of after) {
    const old = before.get(path);
    if (old?.text === rule.text) continue;
    const kind = old === undefined ? "added" : "changed";
    changes.push({ path, kind, fields: compareFields(old, rule), change: rule.change });
  }
  for (const [path, old] of before) {
    if (after.has(path)) continue;
    const fields = compareFields(old, undefined);
    changes.push({ path, kind: "removed", fields, change: undefined });
  }
  return changes;
}

function compareFields(before: ConfigRule | undefined, after: ConfigRule | undefined) {
  const [left, right] = [flatten(before), flatten(after)];
  const fields: FieldChange[] = [];
  for (const field of new Set([...left.keys(), ...right.keys()])) {
    const change = { field, before: left.get(field), after: right.get(field) };
    if (JSON.stringify(change.before) !== JSON.stringify(change.after)) fields.push(change);
  }
  return fields;
}

function flatten(rule: ConfigRule | undefined): ReadonlyMap<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [policy, fields] of rule?.policies ?? []) {
    for (const [field, value] of fields) flat.set(`${policy}.${field}`, value ?? null);
  }
  return flat;
}

/** The last `capacity` of something, oldest first. */
export class LastOnes<Item> {
  private readonly capacity: number;
  private readonly items: Item[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  add(item: Item): void {
    this.items.push(item);
    if (this.items.length > this.capacity) this.items.shift();
  }

  newestFirst(): readonly Item[] {
    return this.items.toReversed();
  }
}

/**
 * Whether what rules would give goes together: with a policy's own values, and with those of other
 * policies of the same owner, such as a retry within a deadline. Looked at when a revision comes,
 * for every path in it and every call that was seen. A call of another kind, for which documents
 * meet that were not seen together, keeps its policy's own values when the policy itself objects.
 */
import type { ConfigProblem } from "./document.ts";
import type { LiveBinding } from "./live-binding.ts";
import type { LiveSchema } from "./live-schema.ts";
import type { ConfigKey } from "./rule-path.ts";
import { type SourceRules, valuesFor } from "./rules.ts";

/** Compares the options of several policies; made by `liveCheck`. */
export interface LiveCheck {
  /** It is asked for every owner that has all of them. */
  readonly policies: readonly string[];
  /** Why they cannot go together, with both numbers; undefined when they can. */
  complaintAbout(options: readonly object[]): string | undefined;
}

/**
 *     liveCheck([DEADLINE_LIVE, RETRY_LIVE], (deadline, retry) =>
 *       retry.tryTimeoutMs > deadline.callTimeoutMs ? `tryTimeoutMs ${…} is above …` : undefined)
 */
export function liveCheck<const Lives extends readonly object[]>(
  schemas: { readonly [Index in keyof Lives]: LiveSchema<Lives[Index]> },
  check: (...options: Lives) => string | undefined,
): LiveCheck {
  return {
    policies: schemas.map(({ policy }) => policy),
    complaintAbout: (options) => check(...(options as unknown as Lives)),
  };
}

export interface CheckedBindings {
  readonly bindings: readonly LiveBinding<object>[];
  readonly checks: readonly LiveCheck[];
  readonly sets: readonly SourceRules[];
}

/** For the calls of one key; `path` is where they are shown. */
export function problemsFor(
  { bindings, checks, sets }: CheckedBindings,
  path: string,
  key: ConfigKey,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const meant = bindings.filter((binding) => binding.isFor(key));
  for (const binding of meant) {
    const { policy } = binding.schema;
    const complaint = binding.complaintAbout(valuesFor(sets, key, policy));
    if (complaint !== undefined) problems.push({ path, reason: `${policy}: ${complaint}` });
  }
  const owners = checks.length === 0 ? [] : Map.groupBy(meant, ({ owner }) => owner).values();
  for (const owned of owners) {
    for (const check of checks) {
      const complaint = complaintTogether(check, owned, sets, key);
      if (complaint === undefined) continue;
      problems.push({ path, reason: `${check.policies.join(" and ")}: ${complaint}` });
    }
  }
  return problems;
}

function complaintTogether(
  check: LiveCheck,
  owned: readonly LiveBinding<object>[],
  sets: readonly SourceRules[],
  key: ConfigKey,
): string | undefined {
  const options: object[] = [];
  let ruled = false;
  for (const policy of check.policies) {
    const binding = owned.find(({ schema }) => schema.policy === policy);
    if (binding === undefined) return undefined;
    const values = valuesFor(sets, key, policy);
    ruled ||= values.size > 0;
    options.push(binding.merge(values));
  }
  // What the program itself has is not for the rules to answer for.
  return ruled ? check.complaintAbout(options) : undefined;
}

/** Live configuration as an operator sees it: what `/config` and `holdfast config` show. */
import type { AcceptedRevision, RefusedRevision } from "./change-log.ts";
import type { ConfigChange } from "./document.ts";
import type { LiveField } from "./live-schema.ts";
import type { ConfigKey } from "./rule-path.ts";

export interface SourceState {
  readonly name: string;
  /** Of the rules in effect; undefined while there are none. */
  readonly revision: string | undefined;
  /** Of what the source has now: another one while that is refused. */
  readonly revisionSeen: string | undefined;
  /** Milliseconds since the source last confirmed what it has; undefined before the first time. */
  readonly ageMs: number | undefined;
  /** Why it may be out of date; undefined while the source answers. */
  readonly stale: string | undefined;
  readonly rules: number;
}

export interface RuleState {
  readonly source: string;
  readonly path: string;
  /** Policy → field → value. */
  readonly values: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly change: ConfigChange | undefined;
}

export interface ConfigState {
  /** Grows with every change of any rule. */
  readonly version: number;
  readonly sources: readonly SourceState[];
  readonly rules: readonly RuleState[];
  /** Newest first. */
  readonly changes: readonly AcceptedRevision[];
  readonly refused: readonly RefusedRevision[];
  /** `CALLER/CALLEE/METHOD` of the calls that were configured so far, some of them if many. */
  readonly keys: readonly string[];
  /** Policy → field → what it may be. */
  readonly schemas: Readonly<Record<string, Readonly<Record<string, LiveField>>>>;
}

export interface ExplainedValue {
  readonly value: unknown;
  /** What the policy has where no rule says anything. */
  readonly own: unknown;
  /** The rule's path; undefined for the policy's own value. */
  readonly path: string | undefined;
  readonly source: string | undefined;
}

export interface ExplainedPolicy {
  readonly policy: string;
  /** Whose it is where several have such a policy, such as `client feed-history`. */
  readonly owner: string;
  readonly values: Readonly<Record<string, ExplainedValue>>;
}

export interface ConfigExplanation {
  readonly key: ConfigKey;
  /** The paths that are looked at, the least specific first, with the sources that have them. */
  readonly paths: readonly { readonly path: string; readonly sources: readonly string[] }[];
  readonly policies: readonly ExplainedPolicy[];
}

export interface ConfigView {
  snapshot(): ConfigState;
  explain(key: ConfigKey): ConfigExplanation;
}

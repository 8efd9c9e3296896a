/**
 * Live configuration of one process: follows its sources, takes a new revision whole or not at
 * all, and gives every policy the options in effect for a call.
 *
 * The one place where a process wires it:
 *
 *     const config = new LiveConfig({ sources: [etcd], schemas: [RETRY_LIVE, …], clock, logger });
 *     const retry = new Retry({ live: config.options(RETRY_LIVE, retryDefaults), … });
 *     new Lifecycle([ops, config, server], …);      // the start waits for the first revision
 *     createOpsServer({ config, … });               // `/config`
 *
 * Why is a revision refused as a whole? Its parts belong together: half of a change that somebody
 * made is a state that nobody has thought of. The last good revision of that source stays, and what
 * is wrong stands in the log and at `/config`.
 */
import type { Context } from "../context/context.ts";
import type { LifecyclePart } from "../lifecycle/part.ts";
import { type Logger, silentLogger } from "../log/logger.ts";
import { StatsRegistry } from "../stats/stats-registry.ts";
import { after, type Clock } from "../time/clock.ts";
import { keepProcessAlive } from "../time/keep-alive.ts";
import {
  type AcceptedRevision,
  compareRules,
  LastOnes,
  type RefusedRevision,
  RULES_SHOWN_MAX,
} from "./change-log.ts";
import type { ConfigSnapshot, ConfigSource, ConfigWatch } from "./config-source.ts";
import { ConfigStats } from "./config-stats.ts";
import type { ConfigExplanation, ConfigState, ConfigView, SourceState } from "./config-view.ts";
import type { ConfigProblem } from "./document.ts";
import { LiveBinding, type LiveOwner, type ValueSource } from "./live-binding.ts";
import { completeLiveConfigOptions, type LiveConfigOptions } from "./live-config-options.ts";
import { type LiveCheck, problemsFor } from "./live-check.ts";
import type { LiveOptions } from "./live-options.ts";
import {
  type AnyLiveSchema,
  collectSchemas,
  type LiveSchema,
  type LiveSchemas,
} from "./live-schema.ts";
import { type ConfigKey, keyOfPath, pathOfKey, pathsFor } from "./rule-path.ts";
import { compileRules, type ConfigRules, type SourceRules, valuesFor } from "./rules.ts";

export interface LiveConfigParts {
  /** Where two have a document under one path, the later source wins, field by field. */
  readonly sources: readonly ConfigSource[];
  /** Of every policy that may be named in a document; what no schema has is refused. */
  readonly schemas: readonly AnyLiveSchema[];
  readonly clock: Clock;
  /** What several policies must agree on; default nothing. A revision that breaks it is refused. */
  readonly checks?: readonly LiveCheck[];
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Default: nothing is counted. */
  readonly stats?: StatsRegistry;
}

/** A start that waits says so after this: most sources answer within milliseconds. */
const WAIT_LINE_MS = 1_000;

export class LiveConfig implements ConfigView, LifecyclePart {
  readonly name = "live config";
  private readonly checks: readonly LiveCheck[];
  private readonly counts: ConfigStats;
  private readonly followed: readonly FollowedSource[];
  private readonly schemas: LiveSchemas;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly bounds: LiveConfigOptions;
  private readonly bindings: LiveBinding<object>[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly keys = new Map<string, ConfigKey>();
  private readonly accepted: LastOnes<AcceptedRevision>;
  private readonly refused: LastOnes<RefusedRevision>;
  private readonly values: ValueSource & { version: number };
  private complainedVersion = -1;
  private onFirst: () => void = () => undefined;

  constructor(parts: LiveConfigParts, options: Partial<LiveConfigOptions> = {}) {
    this.bounds = completeLiveConfigOptions(options);
    this.schemas = collectSchemas(parts.schemas);
    this.clock = parts.clock;
    this.checks = parts.checks ?? [];
    this.logger = parts.logger ?? silentLogger;
    const names = parts.sources.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new RangeError(`two sources are named ${twice}`);
    this.followed = parts.sources.map((source) => new FollowedSource(source));
    this.accepted = new LastOnes(this.bounds.changesMax);
    this.refused = new LastOnes(this.bounds.changesMax);
    this.values = this.createValueSource();
    const stateOf = parts.sources.map(({ name }, index) => ({
      name,
      state: () => this.describeSource(this.followed[index]!),
    }));
    this.counts = new ConfigStats(parts.stats ?? new StatsRegistry(), stateOf);
  }

  /** Grows with every change of any rule. */
  get version(): number {
    return this.values.version;
  }

  /**
   * The options of one policy: `base` where no rule says otherwise. `owner` says whose they are,
   * and for which calls, where several have this policy. Once for each policy that is made, not for
   * each call.
   */
  options<Live extends object>(
    schema: LiveSchema<Live>,
    base: Live,
    owner: LiveOwner = {},
  ): LiveOptions<Live> {
    if (this.schemas.get(schema.policy) !== (schema as AnyLiveSchema)) {
      throw new RangeError(`the schema of ${schema.policy} is none of those given`);
    }
    const binding = new LiveBinding<Live>(schema, base, owner, this.values);
    // More of them get their values all the same; only nobody looks at what they make of them.
    if (this.bindings.length < this.bounds.policiesMax) this.bindings.push(binding);
    return binding;
  }

  /** Calls `listener` after every change of any rule; the returned function takes it back. */
  onChange(listener: () => void): () => void {
    const own = (): void => listener();
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  /** Follows the sources; resolves when each has answered once, or at once if it need not wait. */
  async start(context: Context): Promise<void> {
    for (const followed of this.followed) {
      followed.watch = followed.source.watch((snapshot) => this.onSnapshot(followed, snapshot));
    }
    if (!this.bounds.startWaits || this.missing().length === 0) return;
    await this.waitForFirst(context);
  }

  stop(): void {
    for (const followed of this.followed) followed.watch?.close();
  }

  explain(key: ConfigKey): ConfigExplanation {
    const sets = this.ruleSets();
    const paths = pathsFor(key).map((path) => {
      const sources = sets.filter(({ rules }) => rules.has(path)).map(({ source }) => source);
      return { path, sources };
    });
    const meant = this.bindings.filter((binding) => binding.isFor(key));
    const policies = meant.map((binding) => {
      const { schema, base, owner } = binding;
      const ruled = binding.explain(key);
      const values = Object.keys(schema.fields).map((field) => {
        const own = (base as Record<string, unknown>)[field];
        const given = ruled.get(field) ?? { value: own, path: undefined, source: undefined };
        return [field, { ...given, own }] as const;
      });
      return { policy: schema.policy, owner, values: Object.fromEntries(values) };
    });
    return { key, paths, policies };
  }

  snapshot(): ConfigState {
    return {
      version: this.values.version,
      sources: this.followed.map((followed) => this.describeSource(followed)),
      rules: this.ruleSets().flatMap(({ source, rules }) =>
        [...rules.values()].map(({ path, policies, change }) => {
          const named = [...policies].map(
            ([policy, fields]) => [policy, Object.fromEntries(fields)] as const,
          );
          return { source, path, values: Object.fromEntries(named), change };
        }),
      ),
      changes: this.accepted.newestFirst(),
      refused: this.refused.newestFirst(),
      keys: [...this.keys.keys()],
      schemas: Object.fromEntries([...this.schemas].map(([name, { fields }]) => [name, fields])),
    };
  }

  private onSnapshot(followed: FollowedSource, snapshot: ConfigSnapshot): void {
    const { name } = followed.source;
    const { stale, revision } = snapshot;
    if (stale !== followed.stale) {
      if (stale !== undefined) this.logger.warn("config source lost", { source: name, stale });
      else this.logger.info("config source found again", { source: name, revision });
      followed.stale = stale;
    }
    if (revision !== followed.revisionSeen) {
      followed.revisionSeen = revision;
      this.onRevision(followed, snapshot);
    }
    if (this.missing().length === 0) this.onFirst();
  }

  private onRevision(followed: FollowedSource, { revision, entries }: ConfigSnapshot): void {
    const compiled = compileRules(entries, this.schemas, this.bounds);
    if (compiled.kind === "refused") return this.refuse(followed, revision, compiled.problems);
    const { rules } = compiled;
    const problems = this.problemsWith(followed, rules);
    if (problems.length > 0) return this.refuse(followed, revision, problems);
    this.accept(followed, revision, rules);
  }

  private accept(followed: FollowedSource, revision: string, rules: ConfigRules): void {
    const changed = compareRules(followed.rules, rules);
    const revisionBefore = followed.revision;
    followed.revision = revision;
    if (changed.length === 0) return;
    followed.rules = keepUntouched(followed.rules, rules);
    this.values.version++;
    const accepted = {
      atEpochMs: this.clock.epochMs(),
      source: followed.source.name,
      revisionBefore,
      revision,
      rules: changed.slice(0, RULES_SHOWN_MAX),
      rulesChanged: changed.length,
    };
    this.accepted.add(accepted);
    this.counts.revision(followed.source.name, "accepted");
    const { atEpochMs: _at, ...fields } = accepted;
    this.logger.info("config changed", fields);
    for (const listener of [...this.listeners]) {
      try {
        listener();
      } catch (error) {
        this.logger.error("config listener failed", { error });
      }
    }
  }

  private refuse(
    followed: FollowedSource,
    revision: string,
    problems: readonly ConfigProblem[],
  ): void {
    const refused = {
      atEpochMs: this.clock.epochMs(),
      source: followed.source.name,
      revisionKept: followed.revision,
      revision,
      problems,
    };
    this.refused.add(refused);
    this.counts.revision(followed.source.name, "refused");
    const { atEpochMs: _at, ...fields } = refused;
    this.logger.error("config refused", fields);
  }

  /** What the policies themselves have against the rules: values that do not go together. */
  private problemsWith(followed: FollowedSource, rules: ConfigRules): readonly ConfigProblem[] {
    const { bindings, checks } = this;
    const checked = { bindings, checks, sets: this.ruleSets(followed, rules) };
    const paths = [...rules.keys()].map((path) => [path, keyOfPath(path)] as const);
    const problems: ConfigProblem[] = [];
    for (const [path, key] of [...paths, ...this.keys]) {
      problems.push(...problemsFor(checked, path, key));
      if (problems.length >= RULES_SHOWN_MAX) break;
    }
    return problems;
  }

  /** In the order of the sources; with other rules for one of them. */
  private ruleSets(instead?: FollowedSource, rules?: ConfigRules): readonly SourceRules[] {
    return this.followed.map((followed) => ({
      source: followed.source.name,
      rules: followed === instead && rules !== undefined ? rules : followed.rules,
    }));
  }

  private createValueSource(): ValueSource & { version: number } {
    return {
      version: 0,
      valuesFor: (key, policy) => valuesFor(this.ruleSets(), key, policy),
      noteKey: (key) => {
        const path = pathOfKey(key);
        if (this.keys.has(path) || this.keys.size >= this.bounds.keysMax) return;
        this.keys.set(path, { caller: key.caller, callee: key.callee, method: key.method });
      },
      complain: (path, reason) => {
        // Once for each version: the next key of the same kind says nothing new.
        if (this.complainedVersion === this.values.version) return;
        this.complainedVersion = this.values.version;
        this.logger.error("config does not suit a call, which keeps its own", { path, reason });
      },
    };
  }

  private describeSource(followed: FollowedSource): SourceState {
    const current = followed.watch?.current;
    return {
      name: followed.source.name,
      revision: followed.revision,
      revisionSeen: current?.revision,
      ageMs: current === undefined ? undefined : this.clock.nowMs() - current.confirmedMs,
      stale: current === undefined ? "it has not answered yet" : current.stale,
      rules: followed.rules.size,
    };
  }

  /** The names of those that have never answered. */
  private missing(): readonly string[] {
    return this.followed
      .filter(({ revisionSeen }) => revisionSeen === undefined)
      .map(({ source }) => source.name);
  }

  private waitForFirst(context: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      // Whatever the sources wait for, timers alone do not keep a process.
      const release = keepProcessAlive();
      const stopLine = after(this.clock, WAIT_LINE_MS, () => {
        this.logger.warn("the start waits for config", { sources: this.missing() });
      });
      const stopWaiting = (): void => {
        release();
        stopLine();
      };
      // At once when it is over already.
      const unlisten = context.onCancel((reason) => {
        stopWaiting();
        this.logger.error("config did not come in time", { sources: this.missing() });
        reject(reason);
      });
      this.onFirst = () => {
        stopWaiting();
        unlisten();
        resolve();
      };
    });
  }
}

/** A source with what was taken from it. */
class FollowedSource {
  readonly source: ConfigSource;
  watch: ConfigWatch | undefined = undefined;
  rules: ConfigRules = new Map();
  revision: string | undefined = undefined;
  revisionSeen: string | undefined = undefined;
  stale: string | undefined = undefined;

  constructor(source: ConfigSource) {
    this.source = source;
  }
}

/** The new rules, with the old objects of those that are the same: so are their values then. */
function keepUntouched(before: ConfigRules, rules: ConfigRules): ConfigRules {
  return new Map(
    [...rules].map(([path, rule]) => {
      const old = before.get(path);
      return [path, old?.text === rule.text ? old : rule];
    }),
  );
}

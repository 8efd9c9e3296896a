/** A policy's live options as the rules give them: its own values, and what rules say instead. */
import type { LiveOptions } from "./live-options.ts";
import type { LiveSchema } from "./live-schema.ts";
import type { ConfigKey } from "./rule-path.ts";
import type { RuledValue } from "./rules.ts";

/** Where the values come from that are in effect now. */
export interface ValueSource {
  /** Grows with every change of any rule. A plain field: it is read at every call. */
  readonly version: number;
  valuesFor(key: ConfigKey, policy: string): ReadonlyMap<string, RuledValue>;
  /** A key that was not asked for before; called once for each key object. */
  noteKey(key: ConfigKey): void;
  /** What the rules give cannot go together with the policy's own values, and is left out. */
  complain(path: string, reason: string): void;
}

interface Known<Live> {
  readonly key: ConfigKey;
  version: number;
  options: Live;
}

export class LiveBinding<Live extends object> implements LiveOptions<Live> {
  readonly schema: LiveSchema<Live>;
  /** What the policy has where no rule says anything. */
  readonly base: Live;
  /** Whose it is, such as `client feed-history`; `""` when there is only one. */
  readonly owner: string;
  private readonly source: ValueSource;
  private readonly known = new WeakMap<ConfigKey, Known<Live>>();
  /** Who calls one method calls it again: most look-ups end here. */
  private last: Known<Live> | undefined = undefined;

  constructor(schema: LiveSchema<Live>, base: Live, owner: string, source: ValueSource) {
    this.schema = schema;
    this.base = base;
    this.owner = owner;
    this.source = source;
  }

  get version(): number {
    return this.source.version;
  }

  of(key: ConfigKey): Live {
    const { last, source } = this;
    if (last?.key === key && last.version === source.version) {
      return last.options;
    }
    const known = this.known.get(key) ?? this.learn(key);
    if (known.version !== source.version) this.renew(known);
    this.last = known;
    return known.options;
  }

  /** Why the values cannot go together with the policy's own; undefined when they can. */
  complaintAbout(values: ReadonlyMap<string, RuledValue>): string | undefined {
    if (this.schema.check === undefined || values.size === 0) return undefined;
    return this.schema.check(this.merge(values));
  }

  /** For whoever shows values: with the rule that gave each. */
  explain(key: ConfigKey): ReadonlyMap<string, RuledValue> {
    const values = this.source.valuesFor(key, this.schema.policy);
    return this.complaintAbout(values) === undefined ? values : new Map();
  }

  private learn(key: ConfigKey): Known<Live> {
    this.source.noteKey(key);
    const known: Known<Live> = { key, version: -1, options: this.base };
    this.known.set(key, known);
    return known;
  }

  private renew(known: Known<Live>): void {
    const { key } = known;
    known.version = this.source.version;
    const { policy } = this.schema;
    const values = this.source.valuesFor(key, policy);
    const complaint = this.complaintAbout(values);
    if (complaint !== undefined) {
      this.source.complain(`${key.caller}/${key.callee}/${key.method}`, `${policy}: ${complaint}`);
    }
    const merged = complaint === undefined ? this.merge(values) : this.base;
    if (!sameFields(known.options, merged)) known.options = merged;
  }

  private merge(values: ReadonlyMap<string, RuledValue>): Live {
    if (values.size === 0) return this.base;
    const ruled = [...values].map(([field, { value }]) => [field, value] as const);
    return Object.freeze({ ...this.base, ...Object.fromEntries(ruled) });
  }
}

/** By identity of their values: a JSON value of an untouched rule is the same object. */
function sameFields(one: object, other: object): boolean {
  if (one === other) return true;
  const [left, right] = [Object.entries(one), other as Readonly<Record<string, unknown>>];
  return (
    left.length === Object.keys(other).length &&
    left.every(([name, value]) => Object.hasOwn(right, name) && Object.is(right[name], value))
  );
}

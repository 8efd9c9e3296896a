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

/** Whose options they are. */
export interface LiveOwner {
  /** For people, such as `client feed-history`; default `""`: there is only one. */
  readonly name?: string;
  /**
   * The calls that it is asked for, as far as is known: documents for others need not suit its own
   * values, and are not explained by them. Default: all.
   */
  readonly caller?: string;
  readonly callee?: string;
}

export class LiveBinding<Live extends object> implements LiveOptions<Live> {
  readonly schema: LiveSchema<Live>;
  /** What the policy has where no rule says anything. */
  readonly base: Live;
  readonly owner: string;
  private readonly calls: LiveOwner;
  private readonly source: ValueSource;
  private readonly known = new WeakMap<ConfigKey, Known<Live>>();
  /** Who calls one method calls it again: most look-ups end here. */
  private last: Known<Live> | undefined = undefined;

  constructor(schema: LiveSchema<Live>, base: Live, owner: LiveOwner, source: ValueSource) {
    this.schema = schema;
    this.base = base;
    this.owner = owner.name ?? "";
    this.calls = owner;
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

  /** Whether it may be asked for the calls of `key`, in which `""` means any. */
  isFor({ caller, callee }: ConfigKey): boolean {
    return suits(this.calls.caller, caller) && suits(this.calls.callee, callee);
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

  /** Its own values, and what rules say instead. */
  merge(values: ReadonlyMap<string, RuledValue>): Live {
    if (values.size === 0) return this.base;
    const ruled = [...values].map(([field, { value }]) => [field, value] as const);
    return Object.freeze({ ...this.base, ...Object.fromEntries(ruled) });
  }
}

function suits(own: string | undefined, asked: string): boolean {
  return own === undefined || asked === "" || asked === own;
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

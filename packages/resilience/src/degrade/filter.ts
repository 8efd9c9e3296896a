/**
 * Degradation: gives a call that fails, or that is dropped on purpose, something to go on with, and
 * says so. Stands highest but for what counts and records, above the deadline too: that the callee
 * was late is the commonest reason to do without it.
 */
import {
  type Clock,
  type Context,
  directFilter,
  type DirectService,
  type ErrorCode,
  type Filter,
  fixedOptions,
  type LiveOptions,
  type Random,
  type ServiceError,
  type Settler,
  type StatsRegistry,
} from "@holdfast/core";
import type { CallKey, CallTraits } from "../call-traits.ts";
import { KeyStates } from "../key-states.ts";
import { DegradableCall } from "./degradable-call.ts";
import { type DegradeCounts, DegradedMethod } from "./degraded-method.ts";
import { droppedOnPurpose } from "./error.ts";
import {
  completeDegradeOptions,
  type DegradeLiveOptions,
  type DegradeMode,
  type DegradeOptions,
} from "./options.ts";

export interface DegradeParts<Call, Reply> {
  readonly clock: Clock;
  /** For which calls are dropped. */
  readonly random: Random;
  readonly traits: CallTraits<Call>;
  /**
   * For mode `function`. The context ends after `functionTimeoutMs`; what it throws is counted, and
   * the call fails with `error`.
   */
  readonly fallback?: (context: Context, call: Call, error: ServiceError) => Reply | Promise<Reply>;
  /**
   * For mode `last-good`: what a reply depends on, all of it, also who asks if that makes a
   * difference; two calls with the same text get the same reply. Undefined for calls whose replies
   * are not kept. Replies are kept as they are, so nobody may change them afterwards.
   */
  readonly lastGoodKey?: (context: Context, call: Call) => string | undefined;
  /** For mode `value`: makes a reply from the live options' JSON. Default: it is one. */
  readonly readValue?: (key: CallKey, value: unknown) => Reply;
  readonly stats?: StatsRegistry;
  /** What may change while it runs; default: the options, for ever. */
  readonly live?: LiveOptions<DegradeLiveOptions>;
}

export interface DegradeSnapshot {
  readonly options: DegradeOptions;
  readonly methods: readonly DegradeMethodSnapshot[];
}

export interface DegradeMethodSnapshot extends CallKey, DegradeCounts {
  readonly mode: DegradeMode;
  readonly dropRatio: number;
  readonly dark: boolean;
  /** Replies that are kept. */
  readonly lastGood: number;
}

export class Degrade<Call, Reply> {
  readonly filter: Filter<Call, Reply>;
  readonly parts: DegradeParts<Call, Reply>;
  readonly codes: ReadonlySet<ErrorCode>;
  private readonly options: DegradeOptions;
  private readonly live: LiveOptions<DegradeLiveOptions>;
  private readonly methods: KeyStates<DegradedMethod<Reply>>;

  constructor(parts: DegradeParts<Call, Reply>, options: Partial<DegradeOptions> = {}) {
    this.parts = parts;
    this.options = completeDegradeOptions(options);
    this.live = parts.live ?? fixedOptions<DegradeLiveOptions>(this.options);
    const { keysMax, lastGoodMax, codes, mode } = this.options;
    const missing = missingPart(parts, mode);
    if (missing !== undefined) throw new RangeError(`mode ${mode} needs ${missing}`);
    this.codes = new Set(codes);
    const { stats, traits } = parts;
    this.methods = new KeyStates((key) => new DegradedMethod(key, stats, lastGoodMax), keysMax);
    this.filter = directFilter((context, call, next, settler) => {
      const key = traits.keyOf(context, call);
      const live = this.live.of(key);
      if (live.mode === "off" && live.dropRatio === 0) next(context, call, settler);
      else this.run(key, live, context, call, next, settler);
    });
  }

  snapshot(): DegradeSnapshot {
    const methods = [...this.methods].map(([key, state]) => {
      const { caller, callee, method } = key;
      const { mode, dropRatio, dark } = this.live.of(key);
      const lastGood = state.lastGood.size;
      return { caller, callee, method, mode, dropRatio, dark, lastGood, ...state.counts() };
    });
    return { options: this.options, methods };
  }

  private run(
    key: CallKey,
    live: DegradeLiveOptions,
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ): void {
    const method = this.methods.of(key);
    const degradable = new DegradableCall(this, method, live, context, call, settler);
    if (live.dropRatio > 0 && this.parts.random.next() < live.dropRatio) {
      if (!live.dark) {
        method.dropped.add();
        degradable.fail(droppedOnPurpose(key, live.dropRatio));
        return;
      }
      method.wouldDrop.add();
    }
    next(context, call, degradable);
  }
}

function missingPart<Call, Reply>(
  { fallback, lastGoodKey }: DegradeParts<Call, Reply>,
  mode: DegradeMode,
): string | undefined {
  if (mode === "function" && fallback === undefined) return "a fallback function";
  if (mode === "last-good" && lastGoodKey === undefined) return "a lastGoodKey";
  return undefined;
}

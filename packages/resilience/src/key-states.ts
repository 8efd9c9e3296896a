/**
 * What a policy keeps for each method, found by the identity of the method's `CallKey`. Bounded:
 * keys above the bound share one state, so that somebody who makes a key for each call by mistake
 * loses precision and not the process.
 */
import type { CallKey } from "./call-traits.ts";
import { checkCount } from "./check-options.ts";

/** What the state stands under that all keys above the bound share. */
export const OTHER_KEY: CallKey = { caller: "*", callee: "*", method: "*" };

export class KeyStates<State> {
  private readonly create: (key: CallKey) => State;
  private readonly keysMax: number;
  private readonly states = new Map<CallKey, State>();
  private other: State | undefined = undefined;

  /** `keysMax`: 1 or more. */
  constructor(create: (key: CallKey) => State, keysMax: number) {
    checkCount("keysMax", keysMax);
    this.create = create;
    this.keysMax = keysMax;
  }

  of(key: CallKey): State {
    return this.states.get(key) ?? this.add(key);
  }

  /** Every state with its key, the shared one last. */
  *[Symbol.iterator](): Iterator<readonly [CallKey, State]> {
    yield* this.states;
    if (this.other !== undefined) yield [OTHER_KEY, this.other];
  }

  private add(key: CallKey): State {
    if (this.states.size >= this.keysMax) {
      this.other ??= this.create(OTHER_KEY);
      return this.other;
    }
    const state = this.create(key);
    this.states.set(key, state);
    return state;
  }
}

/** A service for tests of filters: each call waits until the test answers it. */
import { type Context, createContext, ManualClock, type Service } from "@holdfast/core";

/** One call that has come through the filters, with its far end in the test's hand. */
export interface HeldCall {
  readonly context: Context;
  readonly call: string;
  readonly answer: (reply: string) => void;
  readonly fail: (error: unknown) => void;
}

export class HeldService {
  readonly clock = new ManualClock();
  /** Every call that came, in order; answered ones stay. */
  readonly calls: HeldCall[] = [];

  readonly service: Service<string, string> = (context, call) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.calls.push({ context, call, answer: resolve, fail: reject });
    return promise;
  };

  /** The names of the calls that came, in order. */
  get names(): string[] {
    return this.calls.map(({ call }) => call);
  }

  held(call: string): HeldCall {
    const found = this.calls.find((each) => each.call === call);
    if (found === undefined) throw new Error(`${call} has not come: ${this.names.join(", ")}`);
    return found;
  }

  /** A context of its own; `timeoutMs` from now, Infinity for none. */
  context(timeoutMs: number = Infinity): Context {
    const { clock } = this;
    return createContext({ clock, deadlineMs: clock.nowMs() + timeoutMs });
  }
}

/** What became of a call, looked at without waiting for it. */
export interface Outcome<Value> {
  settled: "no" | "resolved" | "rejected";
  value: Value | undefined;
  error: unknown;
}

export function watch<Value>(promise: Promise<Value>): Outcome<Value> {
  const outcome: Outcome<Value> = { settled: "no", value: undefined, error: undefined };
  promise.then(
    (value) => {
      outcome.settled = "resolved";
      outcome.value = value;
    },
    (error: unknown) => {
      outcome.settled = "rejected";
      outcome.error = error;
    },
  );
  return outcome;
}

/** Everything that waits for a promise has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A handler for tests: what it is asked to hold ends when and as the test says. */
import type { Context } from "@holdfast/core";
import type { Everything, ProbeHandler } from "./gen/probe.ts";

/** One call in the handler's hands. */
export interface HeldCall {
  readonly method: "hold" | "touch" | "tell";
  readonly key: string;
  readonly context: Context;
  readonly answer: (reply: string) => void;
  readonly fail: (error: unknown) => void;
}

export class HeldProbe implements ProbeHandler {
  /** Every call that was held, in order; answered ones stay. */
  readonly calls: HeldCall[] = [];
  /** How often each method was called. */
  readonly counts = new Map<string, number>();
  /** Called with each held call at once; may answer it. Default: nothing. */
  onHeld: (call: HeldCall) => void = () => undefined;
  /** Thrown from inside each method, before anything else, when it is set. */
  throwing: { readonly error: unknown } | undefined = undefined;

  /** The newest call with the key; throws when none has come. */
  held(key: string): HeldCall {
    const found = this.calls.findLast((call) => call.key === key);
    if (found === undefined) {
      throw new Error(`no call ${key} has come, but ${this.keys.join(", ")}`);
    }
    return found;
  }

  get keys(): string[] {
    return this.calls.map(({ key }) => key);
  }

  echo(_context: Context, value: Everything): Promise<Everything> {
    this.count("echo");
    return Promise.resolve(value);
  }

  bytes(_context: Context, count: number): Promise<Uint8Array> {
    this.count("bytes");
    return Promise.resolve(new Uint8Array(count).fill(0x61));
  }

  hold(context: Context, key: string): Promise<string> {
    return this.take("hold", context, key);
  }

  async touch(context: Context, key: string): Promise<void> {
    await this.take("touch", context, key);
  }

  async tell(context: Context, key: string): Promise<void> {
    await this.take("tell", context, key);
  }

  p(): Promise<void> {
    this.count("p");
    return Promise.resolve();
  }

  private take(method: HeldCall["method"], context: Context, key: string): Promise<string> {
    this.count(method);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const call: HeldCall = { method, key, context, answer: resolve, fail: reject };
    this.calls.push(call);
    this.onHeld(call);
    return promise;
  }

  private count(method: string): void {
    this.counts.set(method, (this.counts.get(method) ?? 0) + 1);
    if (this.throwing !== undefined) throw this.throwing.error;
  }
}

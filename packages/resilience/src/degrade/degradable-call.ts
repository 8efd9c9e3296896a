/** One call that may be degraded: keeps its good reply, or finds something else when it fails. */
import {
  type CancelListener,
  type CancelScope,
  type Context,
  type ServiceError,
  type Settler,
} from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";
import { failureOf } from "../retry/error.ts";
import type { DegradedMethod } from "./degraded-method.ts";
import type { Degrade } from "./filter.ts";
import type { DegradeLiveOptions, DegradeMode } from "./options.ts";
import { replyMarksKey } from "./reply-marks.ts";

export class DegradableCall<Call, Reply> implements Settler<Reply> {
  private readonly policy: Degrade<Call, Reply>;
  private readonly method: DegradedMethod<Reply>;
  private readonly live: DegradeLiveOptions;
  private readonly context: Context;
  private readonly call: Call;
  private readonly settler: Settler<Reply>;

  constructor(
    policy: Degrade<Call, Reply>,
    method: DegradedMethod<Reply>,
    live: DegradeLiveOptions,
    context: Context,
    call: Call,
    settler: Settler<Reply>,
  ) {
    this.policy = policy;
    this.method = method;
    this.live = live;
    this.context = context;
    this.call = call;
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    if (this.live.mode === "last-good") {
      const key = this.lastGoodKey();
      const nowMs = this.context.clock.nowMs();
      if (key !== undefined) this.method.lastGood.keep(key, reply, nowMs);
    }
    this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    const failure = failureOf(error);
    const { mode } = this.live;
    // An exception of the IDL is an answer; and nobody waits for a call that is over.
    if (failure === undefined || mode === "off" || !this.policy.codes.has(failure.code)) {
      this.settler.fail(error);
    } else if (this.context.cancelled !== undefined) this.settler.fail(error);
    else if (mode === "value") this.giveValue(failure);
    else if (mode === "function") this.giveFunction(failure);
    else this.giveLastGood(failure);
  }

  /** Something else instead of the reply. */
  give(
    reply: Reply,
    mode: Exclude<DegradeMode, "off">,
    because: ServiceError,
    ageMs?: number,
  ): void {
    this.method.degraded[mode].add();
    const { key } = this;
    this.context.get(replyMarksKey)?.note({ key, mode, because: because.code, ageMs });
    this.settler.succeed(reply);
  }

  giveUp(error: ServiceError): void {
    this.method.withoutFallback.add();
    this.settler.fail(error);
  }

  private giveValue(failure: ServiceError): void {
    const { readValue } = this.policy.parts;
    let reply: Reply;
    try {
      const { value } = this.live;
      reply = readValue === undefined ? (value as Reply) : readValue(this.key, value);
    } catch {
      this.giveUp(failure);
      return;
    }
    this.give(reply, "value", failure);
  }

  private giveFunction(failure: ServiceError): void {
    const { fallback } = this.policy.parts;
    if (fallback === undefined) {
      this.giveUp(failure);
      return;
    }
    const within = this.context.withTimeout(this.live.functionTimeoutMs);
    let reply: Reply | Promise<Reply>;
    try {
      reply = fallback(within, this.call, failure);
    } catch {
      this.giveUp(failure);
      return;
    }
    if (reply instanceof Promise) new FallbackWait(this, within.scope, failure).start(reply);
    else this.give(reply, "function", failure);
  }

  private giveLastGood(failure: ServiceError): void {
    const key = this.lastGoodKey();
    const nowMs = this.context.clock.nowMs();
    const { lastGoodMaxAgeMs } = this.live;
    const found =
      key === undefined ? undefined : this.method.lastGood.find(key, lastGoodMaxAgeMs, nowMs);
    if (found === undefined) this.giveUp(failure);
    else this.give(found.reply, "last-good", failure, nowMs - found.atMs);
  }

  private get key(): CallKey {
    return this.policy.parts.traits.keyOf(this.context, this.call);
  }

  /** A key function that throws has no key for this call; the call must end all the same. */
  private lastGoodKey(): string | undefined {
    try {
      return this.policy.parts.lastGoodKey?.(this.context, this.call);
    } catch {
      return undefined;
    }
  }
}

/** A fallback that is not there at once: it has its own small time. */
class FallbackWait<Call, Reply> implements CancelListener {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  private readonly degradable: DegradableCall<Call, Reply>;
  private readonly scope: CancelScope;
  private readonly failure: ServiceError;
  private over = false;

  constructor(degradable: DegradableCall<Call, Reply>, scope: CancelScope, failure: ServiceError) {
    this.degradable = degradable;
    this.scope = scope;
    this.failure = failure;
  }

  start(reply: Promise<Reply>): void {
    this.scope.listen(this);
    reply.then(
      (value) => {
        if (this.end()) this.degradable.give(value, "function", this.failure);
      },
      () => this.onCancelled(),
    );
  }

  onCancelled(): void {
    if (this.end()) this.degradable.giveUp(this.failure);
  }

  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.scope.unlisten(this);
    return true;
  }
}

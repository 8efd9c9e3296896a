/**
 * The concurrency limit: so many calls at work at once, so many waiting, the rest refused. A slot
 * is freed when the work ends, whoever has given up meanwhile; a call that waits gives up when its
 * context is over.
 */
import {
  type Bracket,
  bracketFilter,
  type CancelListener,
  type CancelScope,
  type Context,
  type Filter,
  type ServiceError,
} from "@holdfast/core";
import { queueFull } from "./error.ts";
import { completeConcurrencyLimitOptions, type ConcurrencyLimitOptions } from "./options.ts";

export interface ConcurrencyLimitSnapshot extends ConcurrencyLimitOptions {
  readonly calls: number;
  readonly queued: number;
  readonly refused: number;
}

export class ConcurrencyLimit<Call, Reply> implements Bracket<Call, Reply> {
  private readonly options: ConcurrencyLimitOptions;
  private calls = 0;
  private queued = 0;
  private refused = 0;
  private first: Waiter | undefined = undefined;
  private last: Waiter | undefined = undefined;
  readonly filter: Filter<Call, Reply>;

  constructor(options: Partial<ConcurrencyLimitOptions> = {}) {
    this.options = completeConcurrencyLimitOptions(options);
    this.filter = bracketFilter(this);
  }

  enter(context: Context, _call: Call): Promise<void> | undefined {
    if (this.calls < this.options.callsMax) {
      this.calls++;
      return undefined;
    }
    if (this.queued >= this.options.queueMax) {
      this.refused++;
      throw queueFull(this.options.callsMax, this.options.queueMax);
    }
    return this.wait(context.scope);
  }

  exit(): void {
    const waiter = this.first;
    if (waiter === undefined) {
      this.calls--;
      return;
    }
    // The slot goes straight to the one who waited longest: nobody can slip in between.
    this.remove(waiter);
    waiter.admit();
  }

  snapshot(): ConcurrencyLimitSnapshot {
    const { calls, queued, refused } = this;
    return { ...this.options, calls, queued, refused };
  }

  private wait(scope: CancelScope): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(scope, resolve, (reason) => {
        this.remove(waiter);
        reject(reason);
      });
      waiter.previous = this.last;
      if (this.last === undefined) this.first = waiter;
      else this.last.next = waiter;
      this.last = waiter;
      this.queued++;
      scope.listen(waiter);
    });
  }

  private remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    this.queued--;
  }
}

/** One call in the queue. */
class Waiter implements CancelListener {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;
  private readonly scope: CancelScope;
  private readonly resolve: () => void;
  private readonly giveUp: (reason: ServiceError) => void;

  constructor(scope: CancelScope, resolve: () => void, giveUp: (reason: ServiceError) => void) {
    this.scope = scope;
    this.resolve = resolve;
    this.giveUp = giveUp;
  }

  admit(): void {
    this.scope.unlisten(this);
    this.resolve();
  }

  onCancelled(reason: ServiceError): void {
    this.giveUp(reason);
  }
}

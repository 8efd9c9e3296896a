/** Calls that wait for a slot, in the order in which they came; O(1) to leave from anywhere. */
import type { CancelListener, CancelScope, ServiceError } from "@holdfast/core";

export class WaiterList {
  /** The one who waited longest, and the newest. */
  first: Waiter | undefined = undefined;
  last: Waiter | undefined = undefined;

  append(waiter: Waiter): void {
    waiter.previous = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
  }

  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
  }
}

/** One call that waits. */
export class Waiter implements CancelListener {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;
  /** Where it stands. */
  readonly list: WaiterList;
  readonly sinceMs: number;
  private readonly scope: CancelScope;
  private readonly resolve: () => void;
  private readonly giveUp: (reason: ServiceError) => void;

  constructor(
    list: WaiterList,
    scope: CancelScope,
    sinceMs: number,
    resolve: () => void,
    giveUp: (reason: ServiceError) => void,
  ) {
    this.list = list;
    this.scope = scope;
    this.sinceMs = sinceMs;
    this.resolve = resolve;
    this.giveUp = giveUp;
  }

  admit(): void {
    this.scope.unlisten(this);
    this.resolve();
  }

  refuse(reason: ServiceError): void {
    this.scope.unlisten(this);
    this.giveUp(reason);
  }

  onCancelled(reason: ServiceError): void {
    this.giveUp(reason);
  }
}

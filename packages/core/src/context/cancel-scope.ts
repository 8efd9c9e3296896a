/**
 * What is cancelled together: one deadline, one reason, the listeners of both. A scope asks its
 * parent when it is asked, and listens to it only while somebody listens here, so that a scope
 * nobody listens to costs nothing and leaves nothing behind.
 */
import { ServiceError } from "../error/service-error.ts";
import type { Clock } from "../time/clock.ts";
import type { TimerEntry } from "../time/timer-wheel.ts";

/** Stands in a scope's list; the links are its own, so listening allocates nothing more. */
export interface CancelListener {
  listenerPrevious: CancelListener | undefined;
  listenerNext: CancelListener | undefined;
  listening: boolean;
  onCancelled(reason: ServiceError): void;
}

export class CancelScope implements CancelListener, TimerEntry {
  readonly clock: Clock;
  /** On the clock's `nowMs()` scale; Infinity for none. Never after the parent's. */
  readonly deadlineMs: number;
  private readonly parent: CancelScope | undefined;
  private reason: ServiceError | undefined = undefined;
  private first: CancelListener | undefined = undefined;
  private abortSignal: AbortSignal | undefined = undefined;

  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;

  constructor(clock: Clock, deadlineMs: number, parent: CancelScope | undefined) {
    this.clock = clock;
    this.deadlineMs = deadlineMs;
    this.parent = parent;
  }

  get cancelled(): ServiceError | undefined {
    if (this.reason !== undefined) return this.reason;
    const inherited = this.parent?.cancelled;
    if (inherited !== undefined) this.cancel(inherited);
    else if (this.deadlineMs !== Infinity && this.clock.nowMs() >= this.deadlineMs) this.onDue();
    return this.reason;
  }

  /** Ends the scope; only the first reason counts. */
  cancel(reason: ServiceError): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.stopListening();
    this.callListeners(reason);
  }

  /**
   * The reason, if the scope is known to be over. Does not look at the clock, which costs as much
   * as all the rest of a small filter: a deadline that has passed is noticed one tick later.
   */
  get ended(): ServiceError | undefined {
    return this.reason ?? this.parent?.ended;
  }

  /** Calls `listener` when the scope is over; at once if it is known to be. */
  listen(listener: CancelListener): void {
    if (this.reason === undefined && this.first === undefined) this.startListening();
    if (this.reason !== undefined) {
      listener.onCancelled(this.reason);
      return;
    }
    if (this.first !== undefined) this.first.listenerPrevious = listener;
    listener.listenerPrevious = undefined;
    listener.listenerNext = this.first;
    listener.listening = true;
    this.first = listener;
  }

  unlisten(listener: CancelListener): void {
    if (!listener.listening) return;
    listener.listening = false;
    const { listenerPrevious: previous, listenerNext: next } = listener;
    if (previous !== undefined) previous.listenerNext = next;
    else if (this.first === listener) this.first = next;
    if (next !== undefined) next.listenerPrevious = previous;
    listener.listenerPrevious = undefined;
    listener.listenerNext = undefined;
    if (this.first === undefined) this.stopListening();
  }

  onCancel(callback: (reason: ServiceError) => void): () => void {
    const listener = new CallbackListener(callback);
    const reason = this.cancelled;
    if (reason === undefined) this.listen(listener);
    else callback(reason);
    return () => this.unlisten(listener);
  }

  get signal(): AbortSignal {
    if (this.abortSignal === undefined) {
      const controller = new AbortController();
      this.abortSignal = controller.signal;
      this.onCancel((reason) => controller.abort(reason));
    }
    return this.abortSignal;
  }

  /** The work is over: every listener is let go without being called. */
  close(): void {
    let listener = this.first;
    this.first = undefined;
    while (listener !== undefined) {
      const following: CancelListener | undefined = listener.listenerNext;
      listener.listening = false;
      listener.listenerPrevious = undefined;
      listener.listenerNext = undefined;
      listener = following;
    }
    this.stopListening();
  }

  /** The deadline has come. */
  onDue(): void {
    this.cancel(new ServiceError("deadline-exceeded", "the time allowed for the call ran out"));
  }

  /** The parent is over. */
  onCancelled(reason: ServiceError): void {
    this.cancel(reason);
  }

  /** The list stays a list meanwhile: a listener may take back another one. */
  private callListeners(reason: ServiceError): void {
    while (this.first !== undefined) {
      const listener: CancelListener = this.first;
      this.first = listener.listenerNext;
      if (this.first !== undefined) this.first.listenerPrevious = undefined;
      listener.listenerNext = undefined;
      listener.listening = false;
      try {
        listener.onCancelled(reason);
      } catch (error) {
        // The others must hear of it all the same, or their calls never settle.
        this.callListeners(reason);
        throw error;
      }
    }
  }

  private startListening(): void {
    const parent = this.parent;
    if (parent !== undefined) parent.listen(this);
    if (this.reason !== undefined) return;
    const inherited = parent?.deadlineMs ?? Infinity;
    if (this.deadlineMs < inherited) this.clock.schedule(this, this.deadlineMs);
  }

  private stopListening(): void {
    if (this.listening) this.parent?.unlisten(this);
    if (this.timerSlot >= 0) this.clock.unschedule(this);
  }
}

class CallbackListener implements CancelListener {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  readonly onCancelled: (reason: ServiceError) => void;

  constructor(callback: (reason: ServiceError) => void) {
    this.onCancelled = callback;
  }
}

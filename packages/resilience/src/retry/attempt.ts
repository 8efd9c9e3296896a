/**
 * One try that the caller may lose interest in: it waits out its back-off, is sent, and is given up
 * when its own time is over. What it hears after its end changes nothing.
 */
import type {
  CancelListener,
  CancelScope,
  Context,
  ServiceError,
  Settler,
  TimerEntry,
} from "@holdfast/core";
import { tryTimedOut } from "./error.ts";
import type { TriedCall } from "./filter.ts";

export class Attempt<Call, Reply> implements Settler<Reply>, CancelListener, TimerEntry {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  private readonly tried: TriedCall<Call, Reply>;
  /** The caller's, with the marks of this try. */
  private readonly context: Context;
  /** What it listens to: the caller's while it waits, its own once it was sent. */
  private scope: CancelScope;
  private state: "waiting" | "sent" | "over" = "waiting";

  constructor(tried: TriedCall<Call, Reply>, context: Context) {
    this.tried = tried;
    this.context = context;
    this.scope = context.scope;
  }

  wait(waitMs: number): void {
    const { scope } = this;
    scope.listen(this);
    if (this.isOver()) return;
    scope.clock.schedule(this, scope.clock.nowMs() + waitMs);
  }

  /** The back-off is over. */
  onDue(): void {
    this.scope.unlisten(this);
    const { tried } = this;
    tried.tries++;
    tried.method.retries.add();
    this.send();
  }

  send(): void {
    const { tried } = this;
    const { tryTimeoutMs } = tried.live;
    let { context } = this;
    this.state = "sent";
    if (tryTimeoutMs !== undefined) {
      context = context.withTimeout(tryTimeoutMs);
      this.scope = context.scope;
      // Before `next`: whoever listens later hears first, and may know which instance it was.
      this.scope.listen(this);
      if (this.isOver()) return;
    }
    tried.next(context, tried.call, this);
  }

  succeed(reply: Reply): void {
    if (this.end()) this.tried.succeed(reply);
  }

  fail(error: unknown): void {
    if (this.end()) this.tried.fail(error);
  }

  onCancelled(reason: ServiceError): void {
    const { tried, state, scope } = this;
    if (!this.end()) return;
    scope.clock.unschedule(this);
    if (state === "waiting" || tried.context.cancelled !== undefined) tried.settler.fail(reason);
    else tried.fail(tryTimedOut(tried.live.tryTimeoutMs));
  }

  private end(): boolean {
    if (this.state === "over") return false;
    this.state = "over";
    this.scope.unlisten(this);
    return true;
  }

  private isOver(): boolean {
    return this.state === "over";
  }
}

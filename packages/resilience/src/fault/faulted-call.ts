/** A call that a fault has hit and that waits: to be made, to be answered, for its end. */
import {
  type CancelListener,
  type Context,
  type DirectService,
  type ServiceError,
  type Settler,
  type TimerEntry,
} from "@holdfast/core";
import { dropOver, neverMade } from "./error.ts";

abstract class Waiting<Reply> implements CancelListener, TimerEntry {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  protected readonly context: Context;
  protected readonly settler: Settler<Reply>;

  constructor(context: Context, settler: Settler<Reply>) {
    this.context = context;
    this.settler = settler;
  }

  wait(waitMs: number): void {
    const { scope, clock } = this.context;
    clock.schedule(this, clock.nowMs() + waitMs);
    scope.listen(this);
  }

  onDue(): void {
    this.context.scope.unlisten(this);
    this.goOn();
  }

  onCancelled(reason: ServiceError): void {
    this.context.clock.unschedule(this);
    this.settler.fail(this.reasonOf(reason));
  }

  protected abstract goOn(): void;

  protected reasonOf(reason: ServiceError): ServiceError {
    return reason;
  }
}

/** Is made later. */
export class DelayedCall<Call, Reply> extends Waiting<Reply> {
  private readonly call: Call;
  private readonly next: DirectService<Call, Reply>;

  constructor(
    context: Context,
    call: Call,
    next: DirectService<Call, Reply>,
    settler: Settler<Reply>,
  ) {
    super(context, settler);
    this.call = call;
    this.next = next;
  }

  protected override goOn(): void {
    this.next(this.context, this.call, this.settler);
  }

  protected override reasonOf(reason: ServiceError): ServiceError {
    return neverMade(reason);
  }
}

/** Gets no answer. It ends with its caller, or with the fault if its caller never gives up. */
export class DroppedCall<Reply> extends Waiting<Reply> {
  private readonly faultId: string;

  constructor(faultId: string, context: Context, settler: Settler<Reply>) {
    super(context, settler);
    this.faultId = faultId;
  }

  protected override goOn(): void {
    this.settler.fail(dropOver(this.faultId));
  }
}

/** Was made, and its answer is held back. */
export class SlowReadCall<Reply> extends Waiting<Reply> implements Settler<Reply> {
  private readonly delayMs: number;
  private deliver: () => void = () => undefined;

  constructor(delayMs: number, context: Context, settler: Settler<Reply>) {
    super(context, settler);
    this.delayMs = delayMs;
  }

  succeed(reply: Reply): void {
    this.deliver = () => this.settler.succeed(reply);
    this.wait(this.delayMs);
  }

  fail(error: unknown): void {
    this.deliver = () => this.settler.fail(error);
    this.wait(this.delayMs);
  }

  protected override goOn(): void {
    this.deliver();
  }
}

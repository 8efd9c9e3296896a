/**
 * The deadline filter: answers the caller when the call's time is up or the caller gave up,
 * whatever the work below does. The work hears of it through its context; what it holds (a slot)
 * is given back when the work ends, not here.
 */
import {
  type CancelListener,
  type CancelScope,
  directFilter,
  type Filter,
  ServiceError,
  type Settler,
} from "@holdfast/core";

export function deadlineFilter<Call, Reply>(): Filter<Call, Reply> {
  return directFilter((context, call, next, settler) => {
    const { scope } = context;
    const late = scope.ended;
    if (late !== undefined) {
      settler.fail(beforeWork(late));
      return;
    }
    const race = new DeadlineRace(scope, settler);
    scope.listen(race);
    next(context, call, race);
  });
}

/** The call was over before it began, so that it may be tried elsewhere. */
function beforeWork(reason: ServiceError): ServiceError {
  return new ServiceError(reason.code, reason.message, { workStarted: "no" });
}

/** Settled by whichever is first, the work or the end of the context; the other has no effect. */
class DeadlineRace<Reply> implements CancelListener, Settler<Reply> {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  private settled = false;
  private readonly scope: CancelScope;
  private readonly settler: Settler<Reply>;

  constructor(scope: CancelScope, settler: Settler<Reply>) {
    this.scope = scope;
    this.settler = settler;
  }

  succeed(reply: Reply): void {
    if (this.settle()) this.settler.succeed(reply);
  }

  fail(error: unknown): void {
    if (this.settle()) this.settler.fail(error);
  }

  onCancelled(reason: ServiceError): void {
    if (this.settle()) this.settler.fail(reason);
  }

  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.scope.unlisten(this);
    return true;
  }
}

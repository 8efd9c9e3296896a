/**
 * The deadline filter: answers the caller when the call's time is up or the caller gave up,
 * whatever the work below does. The work hears of it through its context; what it holds (a slot)
 * is given back when the work ends, not here.
 */
import {
  type CancelListener,
  type CancelScope,
  type Context,
  type Filter,
  type Service,
  ServiceError,
} from "@holdfast/core";

export function deadlineFilter<Call, Reply>(): Filter<Call, Reply> {
  return (context, call, next) => {
    const late = context.scope.ended;
    if (late !== undefined) return Promise.reject(beforeWork(late));
    return new Promise<Reply>((resolve, reject) => {
      new DeadlineRace<Call, Reply>(context.scope, resolve, reject).run(context, call, next);
    });
  };
}

/** The call was over before it began, so that it may be tried elsewhere. */
function beforeWork(reason: ServiceError): ServiceError {
  return new ServiceError(reason.code, reason.message, { workStarted: "no" });
}

/** Settled by whichever is first, the work or the end of the context; the other has no effect. */
class DeadlineRace<Call, Reply> implements CancelListener {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  private readonly scope: CancelScope;
  private readonly resolve: (reply: Reply) => void;
  private readonly reject: (error: unknown) => void;

  constructor(
    scope: CancelScope,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
  ) {
    this.scope = scope;
    this.resolve = resolve;
    this.reject = reject;
  }

  run(context: Context, call: Call, next: Service<Call, Reply>): void {
    this.scope.listen(this);
    let working: Promise<Reply>;
    try {
      working = next(context, call);
    } catch (error) {
      this.fail(error);
      return;
    }
    working.then(
      (reply) => {
        this.scope.unlisten(this);
        this.resolve(reply);
      },
      (error: unknown) => this.fail(error),
    );
  }

  onCancelled(reason: ServiceError): void {
    this.reject(reason);
  }

  private fail(error: unknown): void {
    this.scope.unlisten(this);
    this.reject(error);
  }
}

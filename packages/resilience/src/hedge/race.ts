/**
 * One hedged call: the first try, a timer, perhaps a second try. Whichever succeeds first settles
 * the call, and the other one is cancelled; what it says afterwards changes nothing.
 */
import {
  avoidedInstancesKey,
  type CancelListener,
  type Context,
  type DirectService,
  retriesKey,
  type ServiceError,
  type Settler,
  type TimerEntry,
} from "@holdfast/core";
import type { RetryBudget } from "../retry/budget.ts";
import { bothFailed, isAnswer, loserCancelled } from "./error.ts";
import type { HedgedMethod } from "./hedged-method.ts";
import type { HedgeLiveOptions } from "./options.ts";
import { type TryRecord, tryRecordKey } from "./try-record.ts";

export interface HedgedCall<Call, Reply> {
  readonly method: HedgedMethod;
  readonly live: HedgeLiveOptions;
  readonly budget: RetryBudget;
  /** The caller's. */
  readonly context: Context;
  readonly call: Call;
  readonly next: DirectService<Call, Reply>;
  readonly settler: Settler<Reply>;
  /** On the clock's `nowMs()` scale. */
  readonly startMs: number;
}

export class HedgeRace<Call, Reply> implements CancelListener, TimerEntry {
  listenerPrevious: CancelListener | undefined = undefined;
  listenerNext: CancelListener | undefined = undefined;
  listening = false;
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  private readonly hedged: HedgedCall<Call, Reply>;
  private readonly first: Contender<Call, Reply>;
  private second: Contender<Call, Reply> | undefined = undefined;
  private over = false;

  constructor(hedged: HedgedCall<Call, Reply>) {
    this.hedged = hedged;
    this.first = new Contender(this, hedged.context);
  }

  start(delayMs: number): void {
    const { context, startMs } = this.hedged;
    // Before the try: whoever listens later hears first, and may know more of how it ended.
    context.scope.listen(this);
    if (this.over) return;
    context.clock.schedule(this, startMs + delayMs);
    this.send(this.first);
  }

  /** The first try has not answered in the time in which most do. */
  onDue(): void {
    const { context, live, method, budget } = this.hedged;
    if (context.cancelled !== undefined) return;
    if (context.remainingMs() < live.usefulMinMs) {
      method.refused.time.add();
      return;
    }
    if (!budget.withdraw()) {
      method.refused.budget.add();
      return;
    }
    method.sent.add();
    this.second = new Contender(this, markSecond(context, this.first.instanceId));
    this.send(this.second);
  }

  succeed(contender: Contender<Call, Reply>, reply: Reply): void {
    if (!this.end(contender)) return;
    const { method, context, settler, startMs } = this.hedged;
    if (contender === this.second) method.won.add();
    method.record(context.clock.nowMs(), startMs);
    settler.succeed(reply);
  }

  fail(contender: Contender<Call, Reply>, error: unknown): void {
    const { first, second } = this;
    if (this.over || (second !== undefined && !isAnswer(error) && this.isUnderWay(contender)))
      return;
    if (!this.end(contender)) return;
    const { method, context, settler, startMs } = this.hedged;
    if (isAnswer(error)) method.record(context.clock.nowMs(), startMs);
    const isBoth = second !== undefined && !isAnswer(error);
    settler.fail(isBoth ? bothFailed(first.error, second.error) : error);
  }

  /** The caller has given up, or its time is over. */
  onCancelled(reason: ServiceError): void {
    if (this.end(undefined)) this.hedged.settler.fail(reason);
  }

  /** Whether the other one may still win. */
  private isUnderWay(contender: Contender<Call, Reply>): boolean {
    const other = contender === this.first ? this.second : this.first;
    return other?.state === "sent";
  }

  private send(contender: Contender<Call, Reply>): void {
    const { next, call } = this.hedged;
    next(contender.context, call, contender);
  }

  private end(winner: Contender<Call, Reply> | undefined): boolean {
    if (this.over) return false;
    this.over = true;
    const { scope, clock } = this.hedged.context;
    scope.unlisten(this);
    clock.unschedule(this);
    if (winner === undefined) return true;
    const loser = winner === this.first ? this.second : this.first;
    if (loser?.state === "sent") loser.cancel(loserCancelled());
    return true;
  }
}

/** A try in the race. */
class Contender<Call, Reply> implements Settler<Reply>, TryRecord {
  instanceId: string | undefined = undefined;
  readonly context: Context;
  readonly cancel: (reason: ServiceError) => void;
  state: "sent" | "ended" = "sent";
  error: unknown = undefined;
  private readonly race: HedgeRace<Call, Reply>;

  constructor(race: HedgeRace<Call, Reply>, context: Context) {
    this.race = race;
    const { context: own, cancel } = context.withCancel();
    this.context = own.withValue<TryRecord | undefined>(tryRecordKey, this);
    this.cancel = cancel;
  }

  succeed(reply: Reply): void {
    this.state = "ended";
    this.race.succeed(this, reply);
  }

  fail(error: unknown): void {
    this.state = "ended";
    this.error = error;
    this.race.fail(this, error);
  }
}

/** A hedge is a retry to all below it: nobody tries it again, and it goes somewhere else. */
function markSecond(context: Context, firstInstanceId: string | undefined): Context {
  const marked = context.withValue(retriesKey, context.get(retriesKey) + 1);
  if (firstInstanceId === undefined) return marked;
  const avoided = context.get(avoidedInstancesKey);
  return marked.withValue(avoidedInstancesKey, [...avoided, firstInstanceId]);
}

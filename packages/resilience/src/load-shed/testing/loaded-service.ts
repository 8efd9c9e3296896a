/**
 * A service of fixed capacity under load, in virtual time: so many workers, a queue in front of
 * them that knows no limit, and callers that come at random and give up at their deadline. Work
 * that nobody waits for any more is done all the same, as in most services.
 */
import {
  type Clock,
  type Context,
  createContext,
  type Priority,
  PRIORITY,
  priorityKey,
  type Random,
  retriesKey,
  type Service,
  ServiceError,
  sleep,
} from "@holdfast/core";
import type { VirtualClock } from "@holdfast/sim";

export class FixedCapacity {
  private readonly clock: Clock;
  private readonly workers: number;
  private readonly workMs: () => number;
  private busy = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(clock: Clock, workers: number, workMs: () => number) {
    this.clock = clock;
    this.workers = workers;
    this.workMs = workMs;
  }

  readonly service: Service<LoadedCall, string> = async () => {
    if (this.busy < this.workers) this.busy++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    await sleep(this.clock, this.workMs());
    const next = this.waiting.shift();
    if (next === undefined) this.busy--;
    else next();
    return "done";
  };
}

export interface LoadedCall {
  readonly priority: Priority;
  readonly retries: number;
}

export interface Load {
  /** Calls that come, per second. */
  readonly callsPerSecond: number;
  readonly timeoutMs: number;
  readonly forMs: number;
  /** Calls that come before this are not measured. */
  readonly measuredFromMs: number;
  /** What a call is; default a first try of normal priority. */
  readonly callOf?: (random: Random) => LoadedCall;
}

export interface LoadResult {
  readonly calls: number;
  readonly goodputPerSecond: number;
  /** Of those that were answered in time, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of those that were refused, in ms: how long they were left in hope. */
  readonly refusedP99Ms: number;
  readonly late: number;
  readonly refused: number;
  /** The part of the calls that was answered in time, by priority. */
  readonly servedRatio: readonly number[];
}

const NORMAL: LoadedCall = { priority: PRIORITY.normal, retries: 0 };

/** Sends the load, and waits until every call has ended. */
export async function runLoad(
  clock: VirtualClock,
  service: Service<LoadedCall, string>,
  load: Load,
  random: Random,
): Promise<LoadResult> {
  const books = new Books();
  const [arrivals, kinds] = [random.stream("arrivals"), random.stream("kinds")];
  const startMs = clock.nowMs();
  let open = 0;
  const send = async (): Promise<void> => {
    const call = load.callOf?.(kinds) ?? NORMAL;
    const sentMs = clock.nowMs();
    open++;
    const error = await service(contextOf(clock, load.timeoutMs, call), call).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    open--;
    if (sentMs - startMs >= load.measuredFromMs) books.add(call, clock.nowMs() - sentMs, error);
  };
  const sendAll = async (): Promise<void> => {
    for (let nextMs = 0; ;) {
      nextMs -= Math.log(1 - arrivals.next()) * (1000 / load.callsPerSecond);
      if (nextMs >= load.forMs) return;
      await sleep(clock, startMs + nextMs - clock.nowMs());
      void send();
    }
  };
  let sent = false;
  void sendAll().then(() => {
    sent = true;
  });
  const finished = await clock.runUntil(
    () => sent && open === 0,
    load.forMs + 100 * load.timeoutMs,
  );
  if (!finished) throw new Error(`${open} calls have not ended`);
  return books.result(load.forMs - load.measuredFromMs);
}

function contextOf(clock: Clock, timeoutMs: number, call: LoadedCall): Context {
  let context = createContext({ clock, deadlineMs: clock.nowMs() + timeoutMs });
  if (call.priority !== PRIORITY.normal) context = context.withValue(priorityKey, call.priority);
  return call.retries === 0 ? context : context.withValue(retriesKey, call.retries);
}

class Books {
  private readonly answeredMs: number[] = [];
  private readonly refusedMs: number[] = [];
  private late = 0;
  private readonly calls = [0, 0, 0, 0];
  private readonly served = [0, 0, 0, 0];

  add({ priority }: LoadedCall, tookMs: number, error: unknown): void {
    this.calls[priority]!++;
    if (error === undefined) {
      this.served[priority]!++;
      this.answeredMs.push(tookMs);
    } else if (error instanceof ServiceError && error.code === "overloaded") {
      this.refusedMs.push(tookMs);
    } else if (error instanceof ServiceError && error.code === "deadline-exceeded") this.late++;
    else throw error;
  }

  result(measuredMs: number): LoadResult {
    const { answeredMs, refusedMs, calls, served } = this;
    return {
      calls: calls.reduce((sum, count) => sum + count),
      goodputPerSecond: (answeredMs.length / measuredMs) * 1000,
      p50Ms: quantile(answeredMs, 0.5),
      p99Ms: quantile(answeredMs, 0.99),
      refusedP99Ms: quantile(refusedMs, 0.99),
      late: this.late,
      refused: refusedMs.length,
      servedRatio: calls.map((count, priority) => served[priority]! / count),
    };
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

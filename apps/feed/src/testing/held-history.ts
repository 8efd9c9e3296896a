/** A history for tests: each question waits until the test answers it, or its time is over. */
import { type Context, createContext, ManualClock } from "holdfast";
import type {
  FeedHistoryClient,
  GetHistoryByRangeRequest,
  GetHistoryByRangeResponse,
  SetHistoryRequest,
  SetHistoryResponse,
} from "../gen/feed_history.ts";

/** One question with its far end in the test's hand. */
export interface Held<Request, Reply> {
  readonly context: Context;
  readonly request: Request;
  readonly answer: (reply: Reply) => void;
  readonly fail: (error: unknown) => void;
}

export class HeldHistory implements FeedHistoryClient {
  readonly clock = new ManualClock();
  /** Every question that came, in order; answered ones stay. */
  readonly reads: Held<GetHistoryByRangeRequest, GetHistoryByRangeResponse>[] = [];
  readonly writes: Held<SetHistoryRequest, SetHistoryResponse>[] = [];

  getHistoryByRange(
    context: Context,
    request: GetHistoryByRangeRequest,
  ): Promise<GetHistoryByRangeResponse> {
    return hold(this.reads, context, request);
  }

  setHistory(context: Context, request: SetHistoryRequest): Promise<SetHistoryResponse> {
    return hold(this.writes, context, request);
  }

  /** A context of its own; `timeoutMs` from now, Infinity for none. */
  context(timeoutMs: number = Infinity): Context {
    const { clock } = this;
    return createContext({ clock, deadlineMs: clock.nowMs() + timeoutMs });
  }
}

function hold<Request, Reply>(
  all: Held<Request, Reply>[],
  context: Context,
  request: Request,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  all.push({ context, request, answer: resolve, fail: reject });
  context.onCancel(reject);
  return promise;
}

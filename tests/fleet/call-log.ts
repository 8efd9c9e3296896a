/**
 * Every call of a fleet's clients and every try of it, written down by two filters: one above all
 * others, which sees calls, and one below all others, which sees tries.
 */
import {
  type ClientCall,
  type Clock,
  directFilter,
  retriesKey,
  ServiceError,
  type Settler,
  type Stack,
} from "holdfast";

export interface LoggedTry {
  readonly sentMs: number;
  /** -1 until it has ended. */
  endedMs: number;
  /** 0 for the first one. */
  readonly mark: number;
  settledCount: number;
  error: ServiceError | undefined;
}

export interface LoggedCall {
  readonly client: number;
  readonly startMs: number;
  endedMs: number;
  settledCount: number;
  error: ServiceError | undefined;
  readonly tries: LoggedTry[];
}

export class CallLog {
  readonly calls: LoggedCall[] = [];
  /** When a server said that it goes away and takes no call: the call is sent again elsewhere. */
  readonly refusedMs: number[] = [];
  private readonly clock: Clock;
  private readonly onEnded: (call: LoggedCall) => void;
  private readonly atWork = new Map<ClientCall, LoggedCall>();

  constructor(clock: Clock, onEnded: (call: LoggedCall) => void) {
    this.clock = clock;
    this.onEnded = onEnded;
  }

  /** The default filters of one client between the two that write down. */
  watch(client: number, defaults: Stack<ClientCall, unknown>): Stack<ClientCall, unknown> {
    return [
      { role: "calls", why: "first, to see what callers see", filter: this.callFilter(client) },
      ...defaults,
      { role: "tries", why: "last, to see what is sent", filter: this.tryFilter() },
    ];
  }

  private callFilter(client: number) {
    const { clock, calls, atWork } = this;
    return directFilter<ClientCall, unknown>((context, call, next, settler) => {
      const logged: LoggedCall = {
        client,
        startMs: clock.nowMs(),
        endedMs: -1,
        settledCount: 0,
        error: undefined,
        tries: [],
      };
      calls.push(logged);
      atWork.set(call, logged);
      next(
        context,
        call,
        this.writing(logged, settler, () => this.onEnded(logged)),
      );
    });
  }

  private tryFilter() {
    const { clock, atWork } = this;
    return directFilter<ClientCall, unknown>((context, call, next, settler) => {
      const logged: LoggedTry = {
        sentMs: clock.nowMs(),
        endedMs: -1,
        mark: context.get(retriesKey),
        settledCount: 0,
        error: undefined,
      };
      atWork.get(call)!.tries.push(logged);
      next(context, call, this.writing(logged, settler));
    });
  }

  private writing(
    logged: LoggedCall | LoggedTry,
    settler: Settler<unknown>,
    onEnded?: () => void,
  ): Settler<unknown> {
    const end = (error?: unknown): void => {
      logged.endedMs = this.clock.nowMs();
      logged.settledCount++;
      if (error !== undefined) logged.error = ServiceError.from(error);
      onEnded?.();
    };
    return {
      succeed: (reply) => {
        end();
        settler.succeed(reply);
      },
      fail: (error) => {
        end(error);
        settler.fail(error);
      },
    };
  }
}

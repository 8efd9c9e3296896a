/** A try that may go to any instance of a service, and tells how it went there. */
import type { Context, Settler } from "@holdfast/core";
import { type Permit, UNJUDGED } from "@holdfast/resilience";
import { type ClientCall, Try } from "./client-call.ts";
import type { Endpoint } from "./endpoint.ts";

/** Where a try comes from, and comes back to when an instance did not take it. */
export interface TryHome {
  /** It has failed, or could not be sent; its endpoint is still set if it had one. */
  onTryFailed(attempt: BalancedTry, error: unknown, answered: boolean): void;
}

export class BalancedTry extends Try {
  /** The instance that has it. */
  endpoint: Endpoint | undefined = undefined;
  /** When that instance was given it, on the clock's `nowMs()` scale. */
  givenMs = 0;
  /** Of that instance's breaker. */
  permit: Permit = UNJUDGED;
  /** It had to wait for a connection, which says nothing of how fast the instance is. */
  waited = false;
  /** Ids of instances that did not take it; made when there is the first. */
  refusedBy: string[] | undefined = undefined;
  private readonly home: TryHome;

  constructor(call: ClientCall, context: Context, settler: Settler<unknown>, home: TryHome) {
    super(call, context, settler);
    this.home = home;
  }

  override succeed(reply: unknown): void {
    this.endpoint?.onSucceeded(this);
    super.succeed(reply);
  }

  override fail(error: unknown): void {
    this.home.onTryFailed(this, error, false);
  }

  override failAnswered(error: unknown): void {
    this.home.onTryFailed(this, error, true);
  }

  /** Ends it for good. */
  failForGood(error: unknown): void {
    super.fail(error);
  }
}

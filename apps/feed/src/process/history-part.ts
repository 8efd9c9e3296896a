/** The client of the history as a part of the process: called from the start to the end. */
import {
  type BreakerTable,
  type ClientHandle,
  createClient,
  type LifecyclePart,
  type LiveConfig,
  type Observers,
  openResolver,
  type Runtime,
} from "holdfast";
import { FeedHistory, type FeedHistoryClient } from "../gen/feed_history.ts";

/** One question: the rest of `historyTimeoutMs` is for another try. */
const TRY_TIMEOUT_MS = 150;
const CALL_TIMEOUT_MS = 500;

export interface HistoryPartParts {
  /** As for `openResolver`. */
  readonly source: string;
  readonly runtime: Runtime;
  readonly observers: Observers;
  readonly breakers: BreakerTable;
  readonly config: LiveConfig | undefined;
}

export class HistoryPart implements LifecyclePart {
  readonly name = "history";
  private readonly handle: ClientHandle<FeedHistoryClient>;

  constructor({ source, runtime, observers, breakers, config }: HistoryPartParts) {
    this.handle = createClient({
      ...{ definition: FeedHistory, runtime, observers, breakers },
      resolver: openResolver(source, FeedHistory.name, runtime),
      options: { name: "feed", callTimeoutMs: CALL_TIMEOUT_MS },
      policies: {
        // Storing an item again replaces it, so both may be done twice.
        idempotentMethods: ["GetHistoryByRange", "SetHistory"],
        retry: { tryTimeoutMs: TRY_TIMEOUT_MS },
      },
      ...(config !== undefined && { config }),
    });
  }

  get calls(): FeedHistoryClient {
    return this.handle.calls;
  }

  stop(): void {
    this.handle.close();
  }
}

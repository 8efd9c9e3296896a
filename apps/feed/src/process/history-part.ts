/** The client of the history as a part of the process: called from the start to the end. */
import {
  after,
  type BreakerTable,
  type ClientHandle,
  type Clock,
  createClient,
  type LifecyclePart,
  type LiveConfig,
  type Logger,
  type Observers,
  openResolver,
  type Resolver,
  type Runtime,
  type SourceSecrets,
} from "holdfast";
import { FeedHistory, type FeedHistoryClient } from "../gen/feed_history.ts";

/** One question: the rest of `historyTimeoutMs` is for another try. */
const TRY_TIMEOUT_MS = 150;
const CALL_TIMEOUT_MS = 500;
const START_MAX_MS = 600_000;
/** A start that waits says so after this. */
const WAIT_LINE_MS = 1_000;

export interface HistoryPartParts {
  /** As for `openResolver`. */
  readonly source: string;
  readonly secrets?: SourceSecrets;
  readonly runtime: Runtime;
  readonly observers: Observers;
  readonly breakers: BreakerTable;
  readonly config: LiveConfig | undefined;
}

export class HistoryPart implements LifecyclePart {
  readonly name = "history";
  /** Whoever starts it may start the history after it. */
  readonly limits = { startMs: START_MAX_MS };
  private readonly handle: ClientHandle<FeedHistoryClient>;
  private readonly resolver: Resolver;
  private readonly clock: Clock;
  private readonly logger: Logger;

  constructor(parts: HistoryPartParts) {
    const { source, secrets, runtime, observers, breakers, config } = parts;
    const { clock, logger } = runtime;
    this.clock = clock;
    this.logger = logger;
    this.resolver = openResolver(source, FeedHistory.name, runtime, secrets);
    this.handle = createClient({
      ...{ definition: FeedHistory, runtime, observers, breakers },
      resolver: this.resolver,
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

  /** Waits until it is known who answers for the history: a feed before that would show less. */
  start(): Promise<void> {
    const { resolver, logger } = this;
    const waits = after(this.clock, WAIT_LINE_MS, () => {
      logger.warn("waiting for the first list of instances", { resolver: resolver.name });
    });
    return new Promise((resolve) => {
      const watch = resolver.watch(FeedHistory.name, () => {
        waits();
        resolve();
        // It may be called before there is a watch to close.
        this.clock.afterTurn(() => watch.close());
      });
    });
  }

  stop(): void {
    this.handle.close();
  }
}

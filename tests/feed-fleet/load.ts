/**
 * Refreshes at a constant rate, each for a user of its own, so that each one reads and writes the
 * history. The rate does not fall when answers are late.
 */
import {
  type ClientHandle,
  type Clock,
  createClient,
  createContext,
  parseAddress,
  type Runtime,
  sleep,
} from "holdfast";
import { Feed, type FeedClient } from "./gen/feed.ts";

const CALLS_PER_SECOND = 200;
/** They come in twenties, so that calls meet each other and no instance is the quickest for all. */
const TICK_MS = 100;
/** Items of one refresh. */
const COUNT = 3;
/** More than the feed ever takes: what is late is the feed's to answer. */
const PATIENCE_MS = 5_000;

/** One refresh that has ended; times on the clock's `nowMs()` scale. */
export interface Refresh {
  readonly startMs: number;
  readonly durationMs: number;
  /** `ok`, `degraded`, or what went wrong. */
  readonly outcome: string;
}

export class Load {
  readonly ended: Refresh[] = [];
  /** How late the load itself was at most: the machine was busy, or this process. */
  latestMs = 0;
  private readonly clock: Clock;
  private readonly client: ClientHandle<FeedClient>;
  private readonly running: Promise<void>;
  private readonly calls = new Set<Promise<void>>();
  private users = 0;
  private stopping = false;

  constructor(runtime: Runtime, address: string) {
    this.clock = runtime.clock;
    this.client = createClient({
      definition: Feed,
      address: parseAddress(address)!,
      runtime,
      options: { name: "load", callTimeoutMs: PATIENCE_MS },
      // What the feed answers counts as it is.
      policies: { retry: { triesMax: 1 }, hedge: { enabled: false }, breaker: { mode: "off" } },
    });
    this.running = this.run();
  }

  /** Resolves when each refresh has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    await Promise.all(this.calls);
    this.client.close();
  }

  private async run(): Promise<void> {
    const { clock } = this;
    const startMs = clock.nowMs();
    for (let made = 0, dueMs = 0; !this.stopping; dueMs += TICK_MS) {
      const waitMs = startMs + dueMs - clock.nowMs();
      // oxlint-disable-next-line no-await-in-loop
      if (waitMs > 0) await sleep(clock, waitMs);
      this.latestMs = Math.max(this.latestMs, clock.nowMs() - startMs - dueMs);
      for (; made * 1_000 < (dueMs + TICK_MS) * CALLS_PER_SECOND; made++) this.call();
    }
  }

  private call(): void {
    const call = this.refresh().finally(() => this.calls.delete(call));
    this.calls.add(call);
  }

  private async refresh(): Promise<void> {
    const { clock, client, ended } = this;
    const startMs = clock.nowMs();
    const outcome = await client.calls
      .refresh(createContext({ clock }), { userId: BigInt(++this.users), count: COUNT })
      .then(
        ({ degraded, items }) =>
          degraded ? "degraded" : items.length === COUNT ? "ok" : `${items.length} items`,
        String,
      );
    ended.push({ startMs, durationMs: clock.nowMs() - startMs, outcome });
  }
}

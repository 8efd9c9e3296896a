/**
 * The handler of Feed: the newest items that a user has not seen, recorded as seen before the
 * reply. When the history cannot answer in time, the newest items whether seen or not: a feed that
 * shows something twice is better than none.
 */
import { type Context, type Logger, ServiceError } from "holdfast";
import type { Catalog } from "../catalog/catalog.ts";
import type { FeedHandler, FeedItem, RefreshRequest, RefreshResponse } from "../gen/feed.ts";
import { type FeedHistoryClient, InvalidRequest } from "../gen/feed_history.ts";

export interface FeedServiceParts {
  readonly catalog: () => Catalog;
  readonly history: () => FeedHistoryClient;
  readonly logger: Logger;
  readonly options: FeedServiceOptions;
}

export interface FeedServiceOptions {
  /**
   * What all questions to the history together may take of a refresh, in ms, default 500. Shorter
   * answers sooner when the history is slow; longer shows fewer items twice.
   */
  readonly historyTimeoutMs: number;
  /**
   * What is kept of the caller's time for the reply, in ms, default 20: without it a caller who
   * waits less than `historyTimeoutMs` would get nothing when the history is late. Longer reaches
   * callers far away as well, and leaves the history less.
   */
  readonly replyReserveMs: number;
}

export const FEED_SERVICE_DEFAULTS: FeedServiceOptions = {
  historyTimeoutMs: 500,
  replyReserveMs: 20,
};

const COUNT_DEFAULT = 10;
const COUNT_MAX = 100;
/** Items that one question to the history is about: most users have not seen one of them. */
const WINDOW = 200;
/** The most that a GetHistoryByRange answers. */
const PAGE = 1_000;

export class FeedService implements FeedHandler {
  private readonly parts: FeedServiceParts;

  constructor(parts: FeedServiceParts) {
    this.parts = parts;
  }

  async refresh(context: Context, request: RefreshRequest): Promise<RefreshResponse> {
    const { userId, count = COUNT_DEFAULT } = request;
    if (!(count >= 1 && count <= COUNT_MAX)) {
      const reason = `${count} is not from 1 to ${COUNT_MAX}`;
      throw new InvalidRequest({ field: "count", reason });
    }
    const { historyTimeoutMs, replyReserveMs } = this.parts.options;
    const callerMs = Math.max(0, context.remainingMs() - replyReserveMs);
    const within = context.withTimeout(Math.min(historyTimeoutMs, callerMs));
    let items: FeedItem[] | undefined;
    try {
      items = await this.unseen(within, userId, count);
      await this.record(within, userId, items);
      return { items, degraded: false };
    } catch (error) {
      // Whoever asked has left, or their time is up: nobody is there to be answered.
      context.throwIfCancelled();
      const { code, message } = ServiceError.from(error);
      const { requestId } = context;
      this.parts.logger.warn("answered without the history", { requestId, code, message });
      return { items: items ?? [...this.parts.catalog().window(0, count)], degraded: true };
    }
  }

  private async unseen(context: Context, userId: bigint, count: number): Promise<FeedItem[]> {
    const catalog = this.parts.catalog();
    const found: FeedItem[] = [];
    for (let from = 0; found.length < count; from += WINDOW) {
      const window = catalog.window(from, WINDOW);
      if (window.length === 0) break;
      // One window after the other: the first one is enough for nearly everybody.
      // oxlint-disable-next-line no-await-in-loop
      const seen = await this.seenAmong(context, userId, window);
      for (const item of window) if (!seen.has(item.itemId)) found.push(item);
    }
    return found.slice(0, count);
  }

  /** An item is recorded with the time it was published, so a stretch of time holds it. */
  private async seenAmong(
    context: Context,
    userId: bigint,
    window: readonly FeedItem[],
  ): Promise<Set<bigint>> {
    const seen = new Set<bigint>();
    const toMs = window[0]!.publishedMs + 1n;
    const fromMs = window.at(-1)!.publishedMs;
    let cursor: Uint8Array | undefined;
    do {
      const query = { userId, fromMs, toMs, limit: PAGE, cursor };
      // Each page says where the next one begins.
      // oxlint-disable-next-line no-await-in-loop
      const page = await this.parts.history().getHistoryByRange(context, query);
      for (const { itemId } of page.items) seen.add(itemId);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return seen;
  }

  private async record(context: Context, userId: bigint, items: FeedItem[]): Promise<void> {
    if (items.length === 0) return;
    const seen = items.map(({ itemId, publishedMs, kind }) => ({
      ...{ itemId, timestampMs: publishedMs },
      ...(kind !== undefined && { kind }),
    }));
    await this.parts.history().setHistory(context, { userId, items: seen });
  }
}

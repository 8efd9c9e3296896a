import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { MemoryLogger, ServiceError } from "holdfast";
import { Catalog } from "../catalog/catalog.ts";
import type { FeedItem, RefreshRequest, RefreshResponse } from "../gen/feed.ts";
import { InvalidRequest, ItemKind } from "../gen/feed_history.ts";
import { HeldHistory } from "../testing/held-history.ts";
import { FEED_SERVICE_DEFAULTS, FeedService } from "./feed-service.ts";

const USER = 7n;
/** More than one question to the history is about. */
const ITEMS = 450;
const { historyTimeoutMs, replyReserveMs } = FEED_SERVICE_DEFAULTS;

describe("a refresh", () => {
  let history: HeldHistory;
  let logger: MemoryLogger;
  let service: FeedService;

  beforeEach(() => {
    history = new HeldHistory();
    logger = new MemoryLogger();
    const catalog = new Catalog(Array.from({ length: ITEMS }, (_, index) => item(index)));
    const options = FEED_SERVICE_DEFAULTS;
    const parts = { catalog: () => catalog, history: () => history, logger, options };
    service = new FeedService(parts);
  });

  function refresh(count?: number, context = history.context()): Outcome {
    const request: RefreshRequest = { userId: USER, ...(count !== undefined && { count }) };
    return new Outcome(service.refresh(context, request));
  }

  /** The user has seen these, of what the last question is about. */
  function seen(...ids: number[]): Promise<void> {
    const items = ids.map((id) => ({ itemId: BigInt(id), timestampMs: BigInt(id) }));
    history.reads.at(-1)!.answer({ items });
    return history.clock.advanceAndSettle(0);
  }

  function recorded(): Promise<void> {
    const { request, answer } = history.writes.at(-1)!;
    answer({ stored: request.items.length });
    return history.clock.advanceAndSettle(0);
  }

  it("shows the newest items that the user has not seen", async () => {
    const call = refresh(3);
    await seen(ITEMS, ITEMS - 2);
    await recorded();
    assert.deepEqual(call.ids, [ITEMS - 1, ITEMS - 3, ITEMS - 4]);
    assert.equal(call.reply?.degraded, false);
    assert.deepEqual(logger.lines, []);
  });

  it("shows ten when it is not told how many", async () => {
    const call = refresh();
    await seen();
    await recorded();
    assert.equal(call.ids.length, 10);
  });

  it("is recorded before it is answered, under the time that each item was published", async () => {
    const call = refresh(2);
    await seen();
    assert.equal(call.settled, false);
    const [write] = history.writes;
    assert.deepEqual(write!.request, {
      userId: USER,
      items: [ITEMS, ITEMS - 1].map((id) => ({
        itemId: BigInt(id),
        timestampMs: BigInt(id),
        kind: ItemKind.ARTICLE,
      })),
    });
    await recorded();
    assert.deepEqual(call.ids, [ITEMS, ITEMS - 1]);
    assert.equal(history.writes.length, 1);
  });

  it("asks about the stretch of time in which what it could show was published", async () => {
    refresh(3);
    const { request } = history.reads[0]!;
    assert.equal(request.userId, USER);
    assert.equal(request.toMs, BigInt(ITEMS + 1));
    assert.ok(request.fromMs > 0n && request.fromMs <= BigInt(ITEMS - 3 + 1));
    await seen(...idsBetween(Number(request.fromMs), ITEMS));
    // All of that was seen: the next question is about what is older.
    assert.equal(history.reads.length, 2);
    assert.equal(history.reads[1]!.request.toMs, request.fromMs);
  });

  it("reads every page of what was seen", async () => {
    const call = refresh(1);
    const cursor = Buffer.from("next");
    const first = { itemId: BigInt(ITEMS), timestampMs: BigInt(ITEMS) };
    history.reads[0]!.answer({ items: [first], nextCursor: cursor });
    await history.clock.advanceAndSettle(0);
    const [{ request }, { request: next }] = history.reads as [Read, Read];
    assert.deepEqual(next, { ...request, cursor });
    await seen(ITEMS - 1);
    await recorded();
    assert.deepEqual(call.ids, [ITEMS - 2]);
  });

  it("shows what is left at the end, and then nothing, which is no failure", async () => {
    const last = refresh(3);
    for (let left = ITEMS; left > 0;) {
      const { fromMs, toMs } = history.reads.at(-1)!.request;
      // Item 1 is the only one that was not seen.
      // oxlint-disable-next-line no-await-in-loop
      await seen(...idsBetween(Math.max(2, Number(fromMs)), Number(toMs) - 1));
      left = Number(fromMs) - 1;
    }
    await recorded();
    assert.deepEqual(last.ids, [1]);

    const none = refresh(3);
    for (let left = ITEMS; left > 0;) {
      const { fromMs, toMs } = history.reads.at(-1)!.request;
      // oxlint-disable-next-line no-await-in-loop
      await seen(...idsBetween(Number(fromMs), Number(toMs) - 1));
      left = Number(fromMs) - 1;
    }
    assert.deepEqual(none.reply, { items: [], degraded: false });
    assert.equal(history.writes.length, 1);
  });

  it("shows the newest items, degraded, when the history fails", async () => {
    const call = refresh(2);
    history.reads[0]!.fail(new ServiceError("breaker-open", "all of them fail"));
    await history.clock.advanceAndSettle(0);
    assert.deepEqual(call.ids, [ITEMS, ITEMS - 1]);
    assert.equal(call.reply?.degraded, true);
    assert.equal(history.writes.length, 0);
    assert.equal(logger.lines[0]?.fields["code"], "breaker-open");
  });

  it("shows the newest items, degraded, when the history is late", async () => {
    const call = refresh(2);
    await history.clock.advanceAndSettle(historyTimeoutMs - 1);
    assert.equal(call.settled, false);
    await history.clock.advanceAndSettle(1);
    assert.deepEqual(call.ids, [ITEMS, ITEMS - 1]);
    assert.equal(call.reply?.degraded, true);
    assert.equal(history.clock.scheduledCount, 0);
  });

  it("gives all questions together the one time", async () => {
    const call = refresh(2);
    await history.clock.advanceAndSettle(historyTimeoutMs - 1);
    await seen(ITEMS);
    await history.clock.advanceAndSettle(1);
    // What is to be shown is known, only not recorded.
    assert.deepEqual(call.ids, [ITEMS - 1, ITEMS - 2]);
    assert.equal(call.reply?.degraded, true);
  });

  it("shows what was not seen, degraded, when that cannot be recorded", async () => {
    const call = refresh(2);
    await seen(ITEMS);
    history.writes[0]!.fail(new ServiceError("unavailable", "the disk is full"));
    await history.clock.advanceAndSettle(0);
    assert.deepEqual(call.ids, [ITEMS - 1, ITEMS - 2]);
    assert.equal(call.reply?.degraded, true);
  });

  it("is answered, degraded, within the time of a caller who waits less than that", async () => {
    const call = refresh(2, history.context(100));
    await history.clock.advanceAndSettle(100 - replyReserveMs);
    assert.equal(call.reply?.degraded, true);
  });

  it("is answered, degraded, when hardly any time is left", async () => {
    const call = refresh(2, history.context(replyReserveMs / 2));
    await history.clock.advanceAndSettle(0);
    assert.equal(call.reply?.degraded, true);
  });

  it("stops asking when the caller gives up", async () => {
    const { context, cancel } = history.context().withCancel();
    const call = refresh(2, context);
    cancel(new ServiceError("cancelled", "the user has left"));
    await history.clock.advanceAndSettle(0);
    assert.equal((call.error as ServiceError).code, "cancelled");
    assert.equal(history.reads[0]!.context.cancelled?.code, "cancelled");
    assert.deepEqual([history.reads.length, history.writes.length], [1, 0]);
    assert.deepEqual(logger.lines, []);
  });

  for (const count of [0, 101, -1]) {
    it(`refuses a count of ${count} and asks nobody`, async () => {
      const call = refresh(count);
      await history.clock.advanceAndSettle(0);
      assert.ok(call.error instanceof InvalidRequest, String(call.error));
      assert.equal(call.error.field, "count");
      assert.match(call.error.reason, /from 1 to 100/);
      assert.equal(history.reads.length, 0);
    });
  }

  it("takes the least and the most that may be asked for", async () => {
    for (const count of [1, 100]) {
      const call = refresh(count);
      // oxlint-disable-next-line no-await-in-loop
      await seen();
      // oxlint-disable-next-line no-await-in-loop
      await recorded();
      assert.equal(call.ids.length, count);
    }
  });
});

type Read = HeldHistory["reads"][number];

/** Published in the order of their ids, which begin with 1. */
function item(index: number): FeedItem {
  const id = BigInt(index + 1);
  return { itemId: id, publishedMs: id, title: `Item ${id}`, kind: ItemKind.ARTICLE };
}

function idsBetween(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** What became of a refresh, looked at without waiting for it. */
class Outcome {
  settled = false;
  reply: RefreshResponse | undefined = undefined;
  error: unknown = undefined;

  constructor(call: Promise<RefreshResponse>) {
    call.then(
      (reply) => {
        this.settled = true;
        this.reply = reply;
      },
      (error: unknown) => {
        this.settled = true;
        this.error = error;
      },
    );
  }

  get ids(): number[] {
    if (this.reply === undefined) throw this.error ?? new Error("no reply yet");
    return this.reply.items.map(({ itemId }) => Number(itemId));
  }
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryReader, bytesOf, createContext, SystemClock } from "holdfast";
import {
  type GetHistoryByRangeRequest,
  type GetHistoryByRangeResponse,
  type HistoryItem,
  InvalidRequest,
  readGetHistoryByRangeResponseBinary,
} from "../gen/feed_history.ts";
import { MemoryHistoryStore } from "../store/index.ts";
import { FeedHistoryService } from "./feed-history-service.ts";

const context = createContext({ clock: new SystemClock() });

function item(timestampMs: bigint, itemId = 1n): HistoryItem {
  return { itemId, timestampMs, kind: 1, extra: Buffer.from(`at ${timestampMs}`) };
}

async function serviceWith(items: HistoryItem[], userId = 7n): Promise<FeedHistoryService> {
  const store = new MemoryHistoryStore();
  const service = new FeedHistoryService(() => store);
  await service.setHistory(context, { userId, items });
  return service;
}

async function get(
  service: FeedHistoryService,
  request: Partial<GetHistoryByRangeRequest>,
): Promise<GetHistoryByRangeResponse> {
  const complete = { userId: 7n, fromMs: 0n, toMs: 1_000_000n, ...request };
  const reply = await service.getHistoryByRange(context, complete);
  return readGetHistoryByRangeResponseBinary(new BinaryReader(bytesOf(reply.toBytes())));
}

async function refusalOf(call: Promise<unknown>): Promise<{ field: string; reason: string }> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof InvalidRequest, String(error));
    return { field: error.field, reason: error.reason };
  }
  return assert.fail("it was not refused");
}

describe("GetHistoryByRange", () => {
  it("answers newest first, equal times by item, highest first", async () => {
    const service = await serviceWith([item(10n), item(30n, 1n), item(30n, 2n), item(20n)]);
    const { items, nextCursor } = await get(service, {});
    assert.deepEqual(
      items.map(({ timestampMs, itemId }) => [timestampMs, itemId]),
      [
        [30n, 2n],
        [30n, 1n],
        [20n, 1n],
        [10n, 1n],
      ],
    );
    assert.equal(nextCursor, undefined);
    assert.equal(Buffer.from(items[0]!.extra!).toString(), "at 30");
    assert.equal(items[0]!.kind, 1);
  });

  it("pages with the cursor, without a gap and without a repetition", async () => {
    const all = Array.from({ length: 95 }, (_, index) => item(BigInt(index)));
    const service = await serviceWith(all);
    const seen: bigint[] = [];
    let cursor: Uint8Array | undefined;
    do {
      const page = await get(service, { limit: 10, cursor });
      seen.push(...page.items.map(({ timestampMs }) => timestampMs));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(seen, all.map(({ timestampMs }) => timestampMs).toReversed());
  });

  it("keeps replies apart that are under way together", async () => {
    const service = await serviceWith([item(1n)]);
    await service.setHistory(context, { userId: 8n, items: [item(2n), item(3n)] });
    const first = await service.getHistoryByRange(context, { userId: 7n, fromMs: 0n, toMs: 9n });
    const second = await service.getHistoryByRange(context, { userId: 8n, fromMs: 0n, toMs: 9n });
    const read = (bytes: Uint8Array): GetHistoryByRangeResponse =>
      readGetHistoryByRangeResponseBinary(new BinaryReader(bytesOf(bytes)));
    assert.deepEqual(
      [first, second].map((reply) => read(reply.toBytes()).items.map((each) => each.timestampMs)),
      [[1n], [3n, 2n]],
    );
  });

  const wrong: [string, Partial<GetHistoryByRangeRequest>, string, RegExp][] = [
    ["limit 0", { limit: 0 }, "limit", /0; 1 to 1000/],
    ["limit over 1000", { limit: 1001 }, "limit", /1001; 1 to 1000/],
    ["from at to", { fromMs: 5n, toMs: 5n }, "fromMs", /not before/],
    ["a negative from", { fromMs: -1n }, "fromMs", /-1; 0 or more/],
    ["a negative to", { fromMs: -5n, toMs: -1n }, "fromMs", /0 or more/],
    ["a cursor that is none", { cursor: Buffer.from("nonsense") }, "cursor", /cursor/],
  ];
  for (const [what, request, field, reason] of wrong) {
    it(`refuses ${what}, naming ${field}`, async () => {
      const refusal = await refusalOf(get(await serviceWith([item(1n)]), request));
      assert.equal(refusal.field, field);
      assert.match(refusal.reason, reason);
    });
  }

  it("refuses a cursor of another question", async () => {
    const service = await serviceWith([item(1n), item(2n)]);
    const { nextCursor } = await get(service, { limit: 1 });
    const refusal = await refusalOf(get(service, { limit: 1, toMs: 99n, cursor: nextCursor }));
    assert.equal(refusal.field, "cursor");
  });
});

describe("SetHistory", () => {
  it("counts what is stored, and storing it again changes nothing", async () => {
    const service = await serviceWith([item(1n)]);
    const again = await service.setHistory(context, { userId: 7n, items: [item(1n), item(2n)] });
    assert.equal(again.stored, 2);
    assert.equal((await get(service, {})).items.length, 2);
  });

  const wrong: [string, HistoryItem[], string][] = [
    ["more than 1000 items", Array.from({ length: 1001 }, () => item(1n)), "items"],
    ["a negative time", [item(1n), item(-1n)], "items[1].timestampMs"],
    ["extra over 4096 bytes", [{ ...item(1n), extra: new Uint8Array(4097) }], "items[0].extra"],
  ];
  for (const [what, items, field] of wrong) {
    it(`refuses ${what}, naming ${field}, and stores nothing of it`, async () => {
      const service = await serviceWith([]);
      const refusal = await refusalOf(service.setHistory(context, { userId: 7n, items }));
      assert.equal(refusal.field, field);
      assert.equal((await get(service, {})).items.length, 0);
    });
  }
});

/**
 * The handler of FeedHistory: checks what was asked, asks the store, and answers a read with the
 * bytes as they are stored, spliced into the reply without being read.
 */
import { type Context, EncodedValue, ServiceError } from "holdfast";
import type { BinaryWriter } from "holdfast";
import type {
  FeedHistoryHandler,
  GetHistoryByRangeRequest,
  HistoryItem,
  SetHistoryRequest,
  SetHistoryResponse,
} from "../gen/feed_history.ts";
import {
  createCursorScratch,
  decodeCursor,
  encodeCursor,
  encodeItemWire,
  type HistoryStore,
  StoreError,
} from "../store/index.ts";
import { checkGet, checkSet, invalid } from "./check-request.ts";
import { ReplyMemory, type ReplyPiece } from "./reply-memory.ts";

const FIELD_ITEMS = 0x0f_0001;
const FIELD_NEXT_CURSOR = 0x0b_0002;
const TYPE_STRUCT = 12;

export class FeedHistoryService implements FeedHistoryHandler {
  private readonly store: () => HistoryStore;
  private readonly memory = new ReplyMemory();
  private readonly cursorScratch = createCursorScratch();

  /** `store` is asked at each call: the store is opened after the handler is made. */
  constructor(store: () => HistoryStore) {
    this.store = store;
  }

  async setHistory(_context: Context, request: SetHistoryRequest): Promise<SetHistoryResponse> {
    checkSet(request);
    try {
      return { stored: await this.store().set(request.userId, request.items.map(wireOf)) };
    } catch (error) {
      throw toServiceError(error);
    }
  }

  async getHistoryByRange(
    _context: Context,
    request: GetHistoryByRangeRequest,
  ): Promise<SplicedHistory> {
    const limit = checkGet(request);
    const { userId, fromMs, toMs, cursor } = request;
    const query = { userId, fromMs, toMs, limit };
    const after = cursor === undefined ? undefined : positionOf(cursor, query);
    const { memory } = this;
    try {
      memory.begin();
      const found = this.store().range(userId, fromMs, toMs, limit, after, memory);
      const next =
        found.last === undefined ? undefined : encodeCursor(query, found.last, this.cursorScratch);
      return new SplicedHistory(found.count, memory.take(), next);
    } catch (error) {
      throw toServiceError(error);
    }
  }
}

/** A GetHistoryByRangeResponse whose items are bytes that the store had. */
class SplicedHistory extends EncodedValue {
  private readonly count: number;
  private readonly items: ReplyPiece;
  private readonly nextCursor: Uint8Array | undefined;

  constructor(count: number, items: ReplyPiece, nextCursor: Uint8Array | undefined) {
    super();
    this.count = count;
    this.items = items;
    this.nextCursor = nextCursor;
  }

  write(output: BinaryWriter): void {
    const { bytes, start, end } = this.items;
    output.enterStruct();
    output.writeField(FIELD_ITEMS);
    output.writeList(TYPE_STRUCT, this.count);
    output.writeRaw(bytes, start, end);
    if (this.nextCursor !== undefined) {
      output.writeField(FIELD_NEXT_CURSOR);
      output.writeBinary(this.nextCursor);
    }
    output.writeStop();
    output.leaveStruct();
  }
}

function wireOf(item: HistoryItem): Uint8Array {
  const { itemId, timestampMs, kind, extra } = item;
  return encodeItemWire({
    itemId,
    timestampMs,
    // UNKNOWN is what an absent kind means: it takes no room.
    ...(kind === undefined || kind === 0 ? {} : { kind }),
    ...(extra === undefined ? {} : { extra }),
  });
}

function positionOf(
  cursor: Uint8Array,
  query: Parameters<typeof decodeCursor>[1],
): ReturnType<typeof decodeCursor> {
  try {
    return decodeCursor(cursor, query);
  } catch (error) {
    if (error instanceof StoreError && error.code === "invalid") {
      throw invalid("cursor", error.message);
    }
    throw toServiceError(error);
  }
}

function toServiceError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  return new ServiceError(error.code, error.message, { cause: error });
}

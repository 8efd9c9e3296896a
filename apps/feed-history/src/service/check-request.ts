/** What a request may ask for; the first thing wrong is named, with what is allowed. */
import {
  type GetHistoryByRangeRequest,
  InvalidRequest,
  MAX_ITEMS_PER_CALL,
  MAX_LIMIT,
  type SetHistoryRequest,
} from "../gen/feed_history.ts";

const EXTRA_MAX_BYTES = 4096;
const DEFAULT_LIMIT = 50;

export function invalid(field: string, reason: string): InvalidRequest {
  return new InvalidRequest({ field, reason });
}

export function checkSet(request: SetHistoryRequest): void {
  const { items } = request;
  if (items.length > MAX_ITEMS_PER_CALL) {
    throw invalid("items", `${items.length} items; at most ${MAX_ITEMS_PER_CALL} are allowed`);
  }
  for (let index = 0; index < items.length; index++) {
    const { timestampMs, extra } = items[index]!;
    if (timestampMs < 0n) {
      throw invalid(`items[${index}].timestampMs`, `${timestampMs}; 0 or more is allowed`);
    }
    if (extra !== undefined && extra.length > EXTRA_MAX_BYTES) {
      const reason = `${extra.length} bytes; at most ${EXTRA_MAX_BYTES} are allowed`;
      throw invalid(`items[${index}].extra`, reason);
    }
  }
}

/** Returns the limit to use. */
export function checkGet(request: GetHistoryByRangeRequest): number {
  const { fromMs, toMs, limit = DEFAULT_LIMIT } = request;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw invalid("limit", `${limit}; 1 to ${MAX_LIMIT} is allowed`);
  }
  if (fromMs < 0n) throw invalid("fromMs", `${fromMs}; 0 or more is allowed`);
  if (toMs < 0n) throw invalid("toMs", `${toMs}; 0 or more is allowed`);
  if (fromMs >= toMs) {
    throw invalid("fromMs", `${fromMs} is not before toMs ${toMs}; the range must hold a moment`);
  }
  return limit;
}

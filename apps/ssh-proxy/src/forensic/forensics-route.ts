/** `GET /forensics`: the last events of all connections, or of one. */
import { jsonReply, type OpsRoute, textReply } from "holdfast";
import { type EventRing, formatLines } from "./event-ring.ts";

const LIMIT_DEFAULT = 100;
/** As the log writes it; in a question, capital letters are as good. */
const SESSION_KEY = /^[0-9a-f]{8}$/i;

/** `?key=SESSIONKEY`, `?limit=` (the newest; 100), `?format=lines` for `holdfast logs KEY -`. */
export function forensicsRoute(ring: EventRing): OpsRoute {
  return {
    path: "/forensics",
    method: "GET",
    group: "Inside",
    description: "the last events of connections, oldest first: ?key=, ?limit=, ?format=lines",
    endpoint: (_view, request) => {
      const { query } = request;
      const limit = Number(query.get("limit") ?? Math.min(LIMIT_DEFAULT, ring.capacity));
      if (!Number.isInteger(limit) || limit < 1 || limit > ring.capacity) {
        return textReply(400, `limit must be a whole number from 1 to ${ring.capacity}`);
      }
      const key = query.get("key") ?? undefined;
      if (key !== undefined && !SESSION_KEY.test(key)) {
        return textReply(400, "key must be a SessionKey: 8 hexadecimal digits");
      }
      const records = ring.last(limit, key?.toLowerCase());
      if (query.get("format") !== "lines") return jsonReply(request, records);
      return {
        status: 200,
        contentType: "application/x-ndjson; charset=utf-8",
        body: formatLines(records),
      };
    },
  };
}

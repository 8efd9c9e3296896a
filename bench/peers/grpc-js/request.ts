// The bodies h2load posts: gRPC's 5-byte prefix and the same requests as load/request.c sends.
import type { Method } from "../../run/cell.ts";
import { echoService } from "./schema.ts";

const TIME_MS = 1763760000000;
const ECHO_TEXT = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
const ITEM_TEXT = "item-text-of-thirty-two-letters.";

const REQUESTS: Record<Method, { rpc: string; value: object; replyMinBytes: number }> = {
  echo: {
    rpc: "Echo",
    value: { id: 1, timestampMs: TIME_MS, kind: 3, text: ECHO_TEXT },
    replyMinBytes: 64,
  },
  get: {
    rpc: "GetItems",
    value: { userId: 7, fromMs: 0, toMs: TIME_MS, limit: 50 },
    replyMinBytes: 50 * 32,
  },
  set: {
    rpc: "SetItems",
    value: {
      userId: 7,
      items: Array.from({ length: 10 }, (_, n) => ({
        itemId: n,
        timestampMs: TIME_MS,
        kind: n,
        text: ITEM_TEXT,
      })),
    },
    replyMinBytes: 2,
  },
};

/** Where to post, what, and the fewest bytes that a right reply's message can have. */
export function grpcRequest(method: Method): { path: string; body: Buffer; replyMinBytes: number } {
  const { rpc, value, replyMinBytes } = REQUESTS[method];
  const definition = echoService[rpc];
  if (definition === undefined) throw new Error(`echo.proto has no method ${rpc}`);
  const message = definition.requestSerialize(value);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return { path: definition.path, body: Buffer.concat([prefix, message]), replyMinBytes };
}

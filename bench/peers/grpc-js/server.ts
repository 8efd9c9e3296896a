// @grpc/grpc-js over cleartext HTTP/2, messages by @grpc/proto-loader. `server.ts PORT`
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { handleUnaryCall } from "@grpc/grpc-js";
import { echoService } from "./schema.ts";

const ITEM_TEXT = "item-text-of-thirty-two-letters.";

const echo: handleUnaryCall<object, object> = (call, reply) => reply(null, call.request);

const getItems: handleUnaryCall<{ userId: number; toMs: number; limit: number }, object> = (
  { request },
  reply,
) => {
  const items = Array.from({ length: request.limit }, (_, n) => ({
    itemId: request.userId + n,
    timestampMs: request.toMs - n,
    kind: n,
    text: ITEM_TEXT,
  }));
  reply(null, { items });
};

const setItems: handleUnaryCall<{ items: unknown[] }, object> = ({ request }, reply) =>
  reply(null, { count: request.items.length });

const server = new Server();
server.addService(echoService, { echo, getItems, setItems });
server.bindAsync(
  `127.0.0.1:${process.argv[2]}`,
  ServerCredentials.createInsecure(),
  (error: Error | null) => {
    if (error) throw error;
    console.log("ready");
  },
);

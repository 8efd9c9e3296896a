// fastify with JSON, and a schema for each reply, which is how it serializes fast.
// POST /echo, /get, /set. `server.ts PORT`
import { fastify } from "fastify";

const ITEM_TEXT = "item-text-of-thirty-two-letters.";

function record(...integers: string[]): object {
  const fields = integers.map((name) => [name, { type: "integer" }]);
  return {
    type: "object",
    properties: { ...Object.fromEntries(fields), text: { type: "string" } },
  };
}
const echoReply = record("id", "timestampMs", "kind");
const items = { type: "array", items: record("itemId", "timestampMs", "kind") };
const count = { type: "object", properties: { count: { type: "integer" } } };

interface EchoRequest {
  id: number;
  timestampMs: number;
  kind: number;
  text: string;
}

const app = fastify();
app.post<{ Body: EchoRequest }>(
  "/echo",
  { schema: { response: { 200: echoReply } } },
  async ({ body }) => ({
    id: body.id,
    timestampMs: body.timestampMs,
    kind: body.kind,
    text: body.text,
  }),
);
app.post<{ Body: { userId: number; toMs: number; limit: number } }>(
  "/get",
  { schema: { response: { 200: items } } },
  async ({ body }) =>
    Array.from({ length: body.limit }, (_, n) => ({
      itemId: body.userId + n,
      timestampMs: body.toMs - n,
      kind: n,
      text: ITEM_TEXT,
    })),
);
app.post<{ Body: { items: unknown[] } }>(
  "/set",
  { schema: { response: { 200: count } } },
  async ({ body }) => ({ count: body.items.length }),
);
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
console.log("ready");

// moleculer: a node with one service, called over its TCP transporter. `server.ts PORT`
import { createBroker } from "./broker.ts";

const ITEM_TEXT = "item-text-of-thirty-two-letters.";

interface Call<Params> {
  params: Params;
}

const broker = createBroker("server", Number(process.argv[2]));
broker.createService({
  name: "echo",
  actions: {
    echo: ({ params }: Call<{ id: number; timestampMs: number; kind: number; text: string }>) => ({
      id: params.id,
      timestampMs: params.timestampMs,
      kind: params.kind,
      text: params.text,
    }),
    get: ({ params }: Call<{ userId: number; toMs: number; limit: number }>) =>
      Array.from({ length: params.limit }, (_, n) => ({
        itemId: params.userId + n,
        timestampMs: params.toMs - n,
        kind: n,
        text: ITEM_TEXT,
      })),
    set: ({ params }: Call<{ items: unknown[] }>) => ({ count: params.items.length }),
  },
});
await broker.start();
console.log("ready");

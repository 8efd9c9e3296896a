// The Holdfast server of the benchmark, all default filters on: `echo-server.ts PORT`.
import { createServer, silentLogger, SystemClock, systemRandom, TcpNetwork } from "holdfast";
import { Echo, type EchoHandler, type Item } from "./gen/echo.ts";

const handler: EchoHandler = {
  async echo(_context, { id, timestampMs, kind, text }) {
    return { id, timestampMs, kind, text };
  },
  async getItems(_context, { userId, toMs, limit }) {
    const items: Item[] = [];
    for (let n = 0; n < limit; n++) {
      const text = "item-text-of-thirty-two-letters.";
      items.push({ itemId: userId + BigInt(n), timestampMs: toMs - BigInt(n), kind: n, text });
    }
    return items;
  },
  async setItems(_context, { items }) {
    return items.length;
  },
};

const clock = new SystemClock();
const network = new TcpNetwork(clock);
const server = createServer({
  definition: Echo,
  handler,
  runtime: { clock, random: systemRandom(), network, logger: silentLogger },
});
await server.listen({ kind: "tcp", host: "127.0.0.1", port: Number(process.argv[2] ?? 0) });
console.log("ready");

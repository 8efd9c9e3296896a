// The Holdfast server of the benchmark, all default filters on: `echo-server.ts PORT`.
import { createServer, silentLogger, SystemClock, systemRandom, TcpNetwork } from "holdfast";
import { Echo, type EchoHandler, type Item } from "./gen/echo.ts";

const handler: EchoHandler = {
  async echo(_context, { id, timestampMs, kind, text }) {
    return { id, timestampMs, kind, text };
  },
  async getItems(_context, { userId, toMs, limit }) {
    const items: Item[] = [];
    let itemId = userId;
    let timestampMs = toMs;
    for (let n = 0; n < limit; n++) {
      items.push({ itemId, timestampMs, kind: n, text: "item-text-of-thirty-two-letters." });
      itemId += 1n;
      timestampMs -= 1n;
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

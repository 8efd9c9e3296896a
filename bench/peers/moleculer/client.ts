// moleculer's own client, the only one there is, under the common load loop. Two nodes share one
// connection each way, so CONNECTIONS x IN_FLIGHT is simply the number of calls in flight.
// `client.ts PORT CONNECTIONS IN_FLIGHT SECONDS WARMUP_SECONDS METHOD SERVER_PID`
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { runClosedLoop } from "../../run/closed-loop.ts";
import { createBroker } from "./broker.ts";

const TIME_MS = 1763760000000;
const TEXT = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
const ITEM_TEXT = "item-text-of-thirty-two-letters.";
const items = Array.from({ length: 10 }, (_, n) => ({
  itemId: n,
  timestampMs: TIME_MS,
  kind: n,
  text: ITEM_TEXT,
}));
const PARAMETERS: Record<string, object> = {
  echo: { id: 1, timestampMs: TIME_MS, kind: 3, text: TEXT },
  get: { userId: 7, fromMs: 0, toMs: TIME_MS, limit: 50 },
  set: { userId: 7, items },
};

/** The transporter wants to be told a port. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const [port, connections = 1, inFlight = 1, seconds = 2, warmupSeconds = 1] = process.argv
  .slice(2, 7)
  .map(Number);
const method = process.argv[7] ?? "echo";
const parameters = PARAMETERS[method];
const broker = createBroker(`client-${process.pid}`, await freePort(), `127.0.0.1:${port}/server`);
await broker.start();
await broker.waitForServices("echo", 10_000);
// The server can answer only once gossip, every 2 s, has told it where we listen.
await broker.call(`echo.${method}`, parameters);
const result = await runClosedLoop({
  connections,
  inFlight,
  seconds,
  warmupSeconds,
  serverPid: Number(process.argv[8]),
  call(_connection, done) {
    broker.call(`echo.${method}`, parameters).then(
      (reply) => done(typeof reply !== "object"),
      () => done(true),
    );
  },
});
console.log(JSON.stringify(result));
await broker.stop();
process.exit(0);

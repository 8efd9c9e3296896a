// npm `thrift`'s own client under the common load loop: framed Binary, `echo`, callbacks.
// `client.ts PORT CONNECTIONS IN_FLIGHT SECONDS WARMUP_SECONDS`
import { once } from "node:events";
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { runClosedLoop } from "../../run/closed-loop.ts";

interface Connection extends EventEmitter {
  end(): void;
}
interface EchoClient {
  echo(request: object, reply: (error: unknown, value: { text: string } | null) => void): void;
}

const require = createRequire(import.meta.url);
const thrift = require("thrift");
const Echo = require("../../.generated/npm-thrift/Echo.js");
const types = require("../../.generated/npm-thrift/echo_types.js");
const TEXT = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
const TIME_MS = 1763760000000;

const [port, connections = 1, inFlight = 1, seconds = 2, warmupSeconds = 1] = process.argv
  .slice(2)
  .map(Number);
const open: Connection[] = [];
const clients: EchoClient[] = [];
for (let index = 0; index < connections; index++) {
  const connection: Connection = thrift.createConnection("127.0.0.1", port, {
    transport: thrift.TFramedTransport,
    protocol: thrift.TBinaryProtocol,
  });
  await once(connection, "connect");
  open.push(connection);
  clients.push(thrift.createClient(Echo, connection));
}

let id = 0;
const result = await runClosedLoop({
  connections,
  inFlight,
  seconds,
  warmupSeconds,
  call(connection, done) {
    const request = new types.EchoRequest({ id: id++, timestampMs: TIME_MS, kind: 3, text: TEXT });
    clients[connection]?.echo(request, (error, reply) => {
      done(error !== null && error !== undefined ? true : reply?.text.length !== TEXT.length);
    });
  },
});
console.log(JSON.stringify(result));
for (const connection of open) connection.end();

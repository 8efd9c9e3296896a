// Our own client under the common load loop, all default filters on: framed Binary, `echo`.
// `echo-client.ts PORT CONNECTIONS IN_FLIGHT SECONDS WARMUP_SECONDS`
import {
  createClient,
  createContext,
  silentLogger,
  SystemClock,
  systemRandom,
  TcpNetwork,
} from "holdfast";
import { runClosedLoop } from "../run/closed-loop.ts";
import { Echo } from "./gen/echo.ts";

const TEXT = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
const TIME_MS = 1763760000000n;

const [port = 0, connections = 1, inFlight = 1, seconds = 2, warmupSeconds = 1] = process.argv
  .slice(2)
  .map(Number);
const clock = new SystemClock();
const network = new TcpNetwork(clock);
const client = createClient({
  definition: Echo,
  address: { kind: "tcp", host: "127.0.0.1", port },
  runtime: { clock, random: systemRandom(), network, logger: silentLogger },
  options: { framing: "framed", connectionsMax: connections },
});
const context = createContext({ clock });
let id = 0n;
const result = await runClosedLoop({
  connections,
  inFlight,
  seconds,
  warmupSeconds,
  call(_connection, done) {
    client.calls.echo(context, { id: id++, timestampMs: TIME_MS, kind: 3, text: TEXT }).then(
      (reply) => done(reply.text?.length !== TEXT.length),
      () => done(true),
    );
  },
});
console.log(JSON.stringify(result));
client.close();

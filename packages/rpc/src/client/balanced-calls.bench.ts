/**
 * What balancing adds to a call: the same calls to one address, to a list of one, and to a list of
 * three, over the loopback, server and client in one process. Run:
 * `node packages/rpc/src/client/balanced-calls.bench.ts [calls]`
 */
import {
  type Address,
  createContext,
  instanceAt,
  nanosPerTurnAsync,
  silentLogger,
  StaticResolver,
  SystemClock,
  systemRandom,
} from "@holdfast/core";
import { createServer } from "../server/server.ts";
import { Probe, type ProbeClient } from "../testing/gen/probe.ts";
import { HeldProbe } from "../testing/held-probe.ts";
import { TcpNetwork } from "../wire/tcp-network.ts";
import { type AtAddress, type AtInstances, createClient } from "./client.ts";

const [calls = 50_000] = process.argv.slice(2).map(Number);
const IN_FLIGHT = 64;
const SERVERS = 3;

const clock = new SystemClock();
const network = new TcpNetwork(clock);
const runtime = { clock, random: systemRandom(), network, logger: silentLogger };
const servers = Array.from({ length: SERVERS }, () =>
  createServer({ definition: Probe, handler: new HeldProbe(), runtime }),
);
const addresses: Address[] = [];
for (const server of servers) {
  addresses.push(await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }));
}

function listOf(count: number): AtInstances {
  const instances = addresses.slice(0, count).map((address) => instanceAt(address));
  return { resolver: new StaticResolver(clock, { [Probe.name]: instances }) };
}

const rows: readonly (readonly [string, AtAddress | AtInstances])[] = [
  ["one address", { address: addresses[0]! }],
  ["a list of one", listOf(1)],
  ["a list of three", listOf(SERVERS)],
];
for (const [name, target] of rows) {
  const client = createClient({ definition: Probe, runtime, ...target });
  const nanos = await nanosPerTurnAsync(calls, (count) => closedLoop(client.calls, count));
  console.log(`${(nanos / 1_000).toFixed(2).padStart(8)} µs a call  ${name}`);
  client.close();
}
await Promise.all(servers.map((server) => server.stop()));

/** So many calls, `IN_FLIGHT` of them at any time. */
async function closedLoop(client: ProbeClient, count: number): Promise<void> {
  const context = createContext({ clock });
  let left = count;
  const caller = async (): Promise<void> => {
    // One after the other: that is what a caller is.
    // oxlint-disable-next-line no-await-in-loop
    while (left-- > 0) await client.p(context);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}

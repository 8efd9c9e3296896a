/**
 * What the network costs its server without any protocol: CPU per echo of 144 bytes, and memory
 * per idle connection, with the shared read buffer and with 'data' events.
 *
 *     node packages/rpc/src/wire/tcp-network.bench.ts [rounds] [idle connections]
 *
 * Every server is a process of its own, and all of them are loaded by one and the same client, in
 * turns, so that a noisy machine is noisy for all.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as net from "node:net";
import { type Address, type Socket, type SocketHandler, SystemClock } from "@holdfast/core";
import { TcpNetwork } from "./tcp-network.ts";

const MESSAGE_BYTES = 144;
const SHAPES = [
  { connections: 10, inFlight: 1, calls: 100_000 },
  { connections: 10, inFlight: 32, calls: 1_500_000 },
];
const SERVERS = ["shared buffer", "'data' events"] as const;
const KIB = 1024;

interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
}

const [role = "10", argument = "10000"] = process.argv.slice(2);
if (role === "server") await serve(argument);
else await main(Number(role), Number(argument));

async function main(rounds: number, idleCount: number): Promise<void> {
  const running: Running[] = [];
  for (const name of SERVERS) running.push(await startServer(name));
  for (const { connections, inFlight, calls } of SHAPES) {
    const samples = running.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, server] of running.entries()) {
        const before = await usageOf(server);
        await load(server.port, connections, inFlight, calls);
        const cpuMicros = (await usageOf(server)).cpuMicros - before.cpuMicros;
        // The first round is for warming up.
        if (round > 0) samples[index]!.push(cpuMicros / calls);
      }
    }
    for (const [index, { name }] of running.entries()) {
      const sorted = samples[index]!.sort((a, b) => a - b);
      const [low, middle, high] = [0, 0.5, 1].map((q) => at(sorted, q).toFixed(3));
      console.log(
        `${connections} × ${inFlight}  ${name}: ${middle} µs per echo (${low} to ${high})`,
      );
    }
  }
  for (const server of running) await measureIdle(server, idleCount);
  for (const { child } of running) child.disconnect();
}

async function measureIdle(server: Running, count: number): Promise<void> {
  for (const visit of ["first", "second"]) {
    const before = await usageOf(server);
    const streams: net.Socket[] = [];
    while (streams.length < count) {
      const batch = Array.from({ length: 100 }, () => net.connect(server.port, "127.0.0.1"));
      await Promise.all(batch.map((stream) => once(stream, "connect")));
      streams.push(...batch);
    }
    const full = await usageOf(server);
    await Promise.all(streams.map((stream) => once(stream.destroy(), "close")));
    const perConnection = (full.rssBytes - before.rssBytes) / count / KIB;
    console.log(
      `idle, ${visit} ${count}  ${server.name}: ${perConnection.toFixed(2)} KiB per connection`,
    );
  }
}

async function load(
  port: number,
  connections: number,
  inFlight: number,
  calls: number,
): Promise<void> {
  const callsEach = calls / connections;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const stream = net.connect({ port, host: "127.0.0.1", noDelay: true });
      const messages = Buffer.alloc(MESSAGE_BYTES * inFlight, 7);
      let receivedBytes = 0;
      let askedCalls = inFlight;
      stream.on("data", (bytes) => {
        const before = Math.floor(receivedBytes / MESSAGE_BYTES);
        receivedBytes += bytes.length;
        const answered = Math.floor(receivedBytes / MESSAGE_BYTES);
        if (answered === callsEach) stream.destroy();
        const more = Math.min(answered - before, callsEach - askedCalls);
        askedCalls += more;
        if (more > 0) stream.write(messages.subarray(0, more * MESSAGE_BYTES));
      });
      stream.write(messages);
      await once(stream, "close");
    }),
  );
}

async function startServer(name: string): Promise<Running> {
  const child = fork(import.meta.filename, ["server", name]);
  const [port] = (await once(child, "message")) as [number];
  return { name, child, port };
}

async function usageOf({ child }: Running): Promise<Usage> {
  child.send("usage");
  const [usage] = (await once(child, "message")) as [Usage];
  return usage;
}

async function serve(name: string): Promise<void> {
  const network = new TcpNetwork(new SystemClock(), { reuseReadBuffer: name === SERVERS[0] });
  const loopback: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
  const output = Buffer.allocUnsafeSlow(network.options.readBufferBytes);
  const listener = await network.listen(loopback, (socket) => socket.start(echo(socket, output)));
  if (listener.address.kind === "tcp") process.send!(listener.address.port);
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send!({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
  });
  process.on("disconnect", () => process.exit());
}

function echo(socket: Socket, output: Buffer): SocketHandler {
  return {
    onBytes(bytes) {
      output.set(bytes);
      if (!socket.write(output.subarray(0, bytes.length))) throw new Error("too slow a client");
    },
    onEnd: () => socket.end(),
    onDrain: () => {},
    onClose: () => {},
  };
}

function at(sorted: readonly number[], quantile: number): number {
  return sorted[Math.round(quantile * (sorted.length - 1))]!;
}

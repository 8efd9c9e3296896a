import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  type Address,
  type ListenOptions,
  ManualClock,
  SeededRandom,
  ServiceError,
  type Socket,
  SystemClock,
  type TlsOptions,
} from "@holdfast/core";
import { NETWORK_CONTRACT, type NetworkHarness, Peer } from "@holdfast/sim";
import {
  CLIENT_MUTUAL_TLS,
  CLIENT_TLS,
  SERVER_MUTUAL_TLS,
  SERVER_TLS,
} from "../testing/test-certificates.ts";
import { TcpNetwork, type TcpNetworkOptions } from "./tcp-network.ts";

const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
const CONNECT = { timeoutMs: 10_000 };
/** Linux lets TCP keep 4 MiB at the sender and 6 MiB at the receiver, unless told otherwise. */
const MORE_THAN_BUFFERS_BYTES = 24_000_000;
/** Rounds of the event loop in which loopback delivers whatever is on the way. */
const SETTLE_TURNS = 40;
const PATIENCE = { timeout: 10_000 };

const folder = mkdtempSync(join(tmpdir(), "holdfast-network-"));
after(() => rmSync(folder, { recursive: true }));
let pathCount = 0;

function freshPath(): Address & { kind: "unix" } {
  return { kind: "unix", path: join(folder, `${++pathCount}.sock`) };
}

interface Kind {
  readonly name: string;
  readonly address: () => Address;
  readonly options?: Partial<TcpNetworkOptions>;
  readonly serverTls?: TlsOptions;
  readonly clientTls?: TlsOptions;
}

const tcp = (): Address => LOOPBACK;
const KINDS: readonly Kind[] = [
  { name: "TCP", address: tcp },
  { name: "TCP by 'data' events", address: tcp, options: { reuseReadBuffer: false } },
  { name: "TCP over IPv6", address: () => ({ kind: "tcp", host: "::1", port: 0 }) },
  { name: "Unix sockets", address: freshPath },
  { name: "TLS", address: tcp, serverTls: SERVER_TLS, clientTls: CLIENT_TLS },
  {
    name: "mutual TLS",
    address: tcp,
    serverTls: SERVER_MUTUAL_TLS,
    clientTls: CLIENT_MUTUAL_TLS,
  },
];

for (const kind of KINDS) {
  const skip = kind.name.includes("IPv6") && !hasIpv6() ? "no ::1 on this machine" : false;
  describe(`the network of the operating system: ${kind.name}`, { ...PATIENCE, skip }, () => {
    for (const { name, run } of NETWORK_CONTRACT) it(name, () => run(createHarness(kind)));
  });
}

describe("TcpNetwork", PATIENCE, () => {
  it("gives up connecting after the time-out", async () => {
    const clock = new ManualClock();
    const network = new TcpNetwork(clock);
    // Accepts and says nothing: the TLS handshake never ends.
    const listener = await new TcpNetwork(clock).listen(LOOPBACK, (socket) => socket.start(SILENT));
    const connecting = network.connect(listener.address, { timeoutMs: 500, tls: CLIENT_TLS });
    clock.advance(499);
    await turns(SETTLE_TURNS);
    clock.advance(1);
    await assert.rejects(connecting, unavailable(/no answer within 500 ms/));
    assert.equal(clock.scheduledCount, 0);
    await listener.close();
  });

  it("says that a host name is not known", async () => {
    const network = createNetwork();
    const address: Address = { kind: "tcp", host: "nowhere.invalid", port: 1 };
    await assert.rejects(network.connect(address, CONNECT), unavailable(/nowhere\.invalid:1: /));
    await assert.rejects(
      network.listen(address, destroy),
      unavailable(/port 1 on nowhere.invalid/),
    );
  });

  it("says that a port may not be opened", { skip: mayOpenAnyPort() }, async () => {
    const address: Address = { kind: "tcp", host: "127.0.0.1", port: 1 };
    const message = /^port 1 on 127.0.0.1 may not be opened by this user$/;
    await assert.rejects(createNetwork().listen(address, destroy), unavailable(message));
  });

  it("says that an address is another machine's", async () => {
    const address: Address = { kind: "tcp", host: "192.0.2.1", port: 0 };
    const message = /^port 0 on 192.0.2.1 cannot be opened: this machine does not have that/;
    await assert.rejects(createNetwork().listen(address, destroy), unavailable(message));
  });

  it("lets several listen on one port when all of them want to", async () => {
    const network = createNetwork();
    const options: ListenOptions = { reusePort: true };
    const first = await network.listen(LOOPBACK, destroy, options);
    const second = await network.listen(first.address, destroy, options);
    assert.deepEqual(second.address, first.address);
    await assert.rejects(network.listen(first.address, destroy), unavailable(/is taken/));
    await Promise.all([first.close(), second.close()]);
  });

  it("tells of a connection that was reset", async () => {
    const network = createNetwork();
    const { client, server, listener } = await connectedPair(network);
    client.start();
    const raw = (server.socket as unknown as { stream: net.Socket }).stream;
    raw.resetAndDestroy();
    await client.untilClosed();
    assert.match(
      client.closeError!.message,
      /^connection to 127.0.0.1:\d+ lost: reset by the peer$/,
    );
    server.start();
    await server.untilClosed();
    await listener.close();
  });

  it("takes connections that wait in the kernel's queue before it closes", async () => {
    const network = createNetwork();
    const accepted: Peer[] = [];
    const listener = await network.listen(LOOPBACK, (socket) => {
      accepted.push(new Peer(socket).start());
    });
    const connecting = Array.from({ length: 20 }, () => network.connect(listener.address, CONNECT));
    const clients = (await Promise.all(connecting)).map((socket) => new Peer(socket).start());
    await listener.close();
    assert.equal(accepted.length, 20);
    for (const peer of [...clients, ...accepted]) peer.destroy();
    await Promise.all([...clients, ...accepted].map((peer) => peer.untilClosed()));
  });

  it("refuses options out of their range", () => {
    const clock = new SystemClock();
    for (const options of [
      { readBufferBytes: 0 },
      { readBufferBytes: 1e9 },
      { keepAliveMs: 5 },
      { keepAliveMs: -1 },
      { tlsHandshakeTimeoutMs: 0 },
    ]) {
      assert.throws(() => new TcpNetwork(clock, options), RangeError);
    }
  });
});

describe("TcpNetwork on Unix sockets", PATIENCE, () => {
  it("removes the socket file when it closes", async () => {
    const address = freshPath();
    const listener = await createNetwork().listen(address, destroy);
    assert.ok(existsSync(address.path));
    await listener.close();
    assert.ok(!existsSync(address.path));
  });

  it("takes over the socket file of a process that died", async () => {
    const address = freshPath();
    await leaveSocketFile(address.path);
    assert.ok(existsSync(address.path));
    const network = createNetwork();
    const listener = await network.listen(address, destroy);
    const client = new Peer(await network.connect(address, CONNECT)).start();
    await client.until(() => client.calls.includes("end") || client.closed);
    client.destroy();
    await client.untilClosed();
    await listener.close();
  });

  it("leaves a file alone that is not a socket", async () => {
    const address = freshPath();
    writeFileSync(address.path, "precious");
    const listening = createNetwork().listen(address, destroy);
    await assert.rejects(listening, unavailable(/there is a file that is not a socket$/));
    assert.ok(existsSync(address.path));
  });

  it("says what is wrong with a path", async () => {
    const network = createNetwork();
    const missing: Address = { kind: "unix", path: join(folder, "no", "such.sock") };
    await assert.rejects(network.listen(missing, destroy), unavailable(/folder does not exist$/));
    await assert.rejects(network.connect(missing, CONNECT), unavailable(/nobody listens there$/));
    const long: Address = { kind: "unix", path: join(folder, "x".repeat(200)) };
    await assert.rejects(network.listen(long, destroy), unavailable(/the path is too long$/));
  });
});

describe("TcpNetwork with TLS", PATIENCE, () => {
  it("names the subject of a client's certificate", async () => {
    const network = createNetwork();
    const pair = await connectedPair(network, SERVER_MUTUAL_TLS, CLIENT_MUTUAL_TLS);
    assert.equal(pair.server.socket.peerSubject, "CN=client.test,O=Holdfast");
    await closePair(pair);
    const plain = await connectedPair(network, SERVER_TLS, CLIENT_TLS);
    assert.equal(plain.server.socket.peerSubject, undefined);
    assert.equal(plain.client.socket.peerSubject, undefined);
    await closePair(plain);
  });

  it("turns away a client without a certificate", async () => {
    const errors: ServiceError[] = [];
    const network = new TcpNetwork(new SystemClock(), {
      onAcceptError: (error) => errors.push(error),
    });
    let sockets = 0;
    const onSocket = (socket: Socket): void => {
      sockets++;
      socket.destroy();
    };
    const listener = await network.listen(LOOPBACK, onSocket, { tls: SERVER_MUTUAL_TLS });
    // TLS 1.3 lets the client believe that it is connected until the server has looked.
    const socket = await network.connect(listener.address, { ...CONNECT, tls: CLIENT_TLS });
    const client = new Peer(socket).start();
    await client.until(() => client.calls.includes("end") || client.closed);
    client.destroy();
    await client.untilClosed();
    assert.equal(sockets, 0);
    assert.equal(errors.length, 1);
    await listener.close();
  });

  it("refuses a server that is not who it should be", async () => {
    const network = createNetwork();
    const listener = await network.listen(LOOPBACK, destroy, { tls: SERVER_TLS });
    const connect = (tls: TlsOptions): Promise<Socket> =>
      network.connect(listener.address, { ...CONNECT, tls });
    await assert.rejects(connect({}), unavailable(/certificate/));
    const other = { ...CLIENT_TLS, serverName: "other.test" };
    await assert.rejects(connect(other), unavailable(/other\.test/));
    const right = new Peer(await connect({ ...CLIENT_TLS, serverName: "server.test" })).start();
    right.destroy();
    await right.untilClosed();
    await listener.close();
  });

  it("says that a certificate cannot be read", async () => {
    const network = createNetwork();
    const tls = { cert: "no certificate", key: "no key" };
    await assert.rejects(network.listen(LOOPBACK, destroy, { tls }), unavailable(/port 0 on/));
    await assert.rejects(
      network.listen(LOOPBACK, destroy, { tls: {} }),
      unavailable(/needs a cert/),
    );
    const target: Address = { ...LOOPBACK, port: 1 };
    await assert.rejects(
      network.connect(target, { ...CONNECT, tls }),
      unavailable(/cannot connect/),
    );
  });

  it("drops who is still shaking hands when the listener closes", async () => {
    const network = createNetwork();
    const listener = await network.listen(LOOPBACK, destroy, { tls: SERVER_TLS });
    const client = new Peer(await network.connect(listener.address, CONNECT)).start();
    await turns(SETTLE_TURNS);
    await listener.close();
    await client.until(() => client.calls.includes("end") || client.closed);
    client.destroy();
    await client.untilClosed();
  });
});

const SILENT = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

function destroy(socket: Socket): void {
  socket.destroy();
}

function createNetwork(): TcpNetwork {
  return new TcpNetwork(new SystemClock());
}

function createHarness(kind: Kind): NetworkHarness {
  const clock = new SystemClock();
  const before = openHandles();
  return {
    network: new TcpNetwork(clock, kind.options),
    random: new SeededRandom(1),
    listenOptions: kind.serverTls === undefined ? {} : { tls: kind.serverTls },
    connectOptions: kind.clientTls === undefined ? CONNECT : { ...CONNECT, tls: kind.clientTls },
    moreThanBuffersBytes: MORE_THAN_BUFFERS_BYTES,
    address: kind.address,
    finish: (promise) => promise,
    settle: () => turns(SETTLE_TURNS),
    checkNothingLeft: async () => {
      await turns(SETTLE_TURNS);
      assert.equal(clock.scheduledCount, 0);
      assert.deepEqual(openHandles(), before);
    },
  };
}

interface ConnectedPair {
  readonly client: Peer;
  readonly server: Peer;
  readonly listener: { close(): Promise<void> };
}

async function connectedPair(
  network: TcpNetwork,
  serverTls?: TlsOptions,
  clientTls?: TlsOptions,
): Promise<ConnectedPair> {
  let onServer: (socket: Socket) => void = () => {};
  const accepted = new Promise<Socket>((resolve) => {
    onServer = resolve;
  });
  const listener = await network.listen(
    LOOPBACK,
    (socket) => onServer(socket),
    serverTls === undefined ? {} : { tls: serverTls },
  );
  const client = await network.connect(
    listener.address,
    clientTls === undefined ? CONNECT : { ...CONNECT, tls: clientTls },
  );
  return { client: new Peer(client), server: new Peer(await accepted), listener };
}

async function closePair({ client, server, listener }: ConnectedPair): Promise<void> {
  for (const peer of [client, server]) {
    peer.start();
    peer.destroy();
    await peer.untilClosed();
  }
  await listener.close();
}

function unavailable(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServiceError);
    assert.equal(error.code, "unavailable");
    assert.equal(error.workStarted, "no");
    assert.match(error.message, message);
    return true;
  };
}

/** Sockets and servers only: the test runner has handles of its own. */
function openHandles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe|TLS)/.test(name));
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** What a process leaves behind that was killed: a rename keeps it from Node's own clearing up. */
async function leaveSocketFile(path: string): Promise<void> {
  const { rename } = await import("node:fs/promises");
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(`${path}.old`, resolve);
  });
  await rename(`${path}.old`, path);
  await new Promise((resolve) => {
    server.close(resolve);
  });
}

function mayOpenAnyPort(): string | false {
  return process.getuid?.() === 0 ? "root may open any port" : false;
}

function hasIpv6(): boolean {
  const server = net.createServer().on("error", () => {});
  server.listen(0, "::1");
  const has = server.address() !== null;
  server.close();
  return has;
}

/**
 * What every Network must do, the operating system's and the simulated one alike. Run each case
 * with a harness of its own:
 *
 *     for (const { name, run } of NETWORK_CONTRACT) test(name, () => run(createHarness()));
 */
import assert from "node:assert/strict";
import {
  type Address,
  type ConnectOptions,
  formatAddress,
  type ListenOptions,
  type Listener,
  type Network,
  type Random,
  ServiceError,
  type Socket,
} from "@holdfast/core";
import { Peer } from "./peer.ts";

/** What a case needs to know of the network it runs on. */
export interface NetworkHarness {
  readonly network: Network;
  readonly random: Random;
  readonly listenOptions: ListenOptions;
  readonly connectOptions: ConnectOptions;
  /** More bytes than the network keeps on the way for one connection, and 1,000,000 at least. */
  readonly moreThanBuffersBytes: number;
  /** Somewhere to listen, not used before; its port is 0 if it has one. */
  address(): Address;
  /** What the promise gives; a virtual world moves its time until it does. */
  finish<Value>(promise: Promise<Value>): Promise<Value>;
  /** Lets everything arrive that is under way. */
  settle(): Promise<void>;
  /** Throws when a socket or a timer is left. */
  checkNothingLeft(): Promise<void>;
}

export interface NetworkContractCase {
  readonly name: string;
  readonly run: (harness: NetworkHarness) => Promise<void>;
}

interface Pair {
  readonly listener: Listener;
  readonly client: Peer;
  readonly server: Peer;
}

const PIECE_BYTES = 65_536;

export const NETWORK_CONTRACT: readonly NetworkContractCase[] = [
  { name: "carries bytes of all sizes both ways", run: carriesBytes },
  { name: "carries 5 MB through a peer that pushes back", run: carriesMuch },
  { name: "gives memory back when write() says so, and not before", run: respectsMemory },
  { name: "tells by onDrain when nothing is pending any more", run: tellsDrain },
  { name: "delivers nothing while paused, and everything after", run: pauses },
  { name: "delivers nothing before start()", run: waitsForStart },
  { name: "lets the peer send on after the end", run: halfCloses },
  { name: "sends what is pending before the end", run: endsAfterPending },
  { name: "calls onClose once and last after destroy()", run: destroys },
  { name: "tells a handler that comes after the close", run: startsAfterClose },
  { name: "ignores calls to a closed socket", run: ignoresAfterClose },
  { name: "refuses a second handler", run: refusesSecondHandler },
  { name: "refuses where nobody listens", run: refusesConnection },
  { name: "says who has the address", run: refusesTakenAddress },
  { name: "keeps connections when the listener closes", run: closesListener },
  { name: "names both ends", run: namesEnds },
].map(({ name, run }) => ({
  name,
  run: async (harness) => {
    await run(harness);
    await harness.checkNothingLeft();
  },
}));

async function carriesBytes(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.react = (bytes) => void server.write(Uint8Array.from(bytes));
  server.start();
  client.start();
  const sent: Buffer[] = [];
  let sentBytes = 0;
  for (let size = 1; size < 100_000; size = 2 * size + harness.random.below(7)) {
    const bytes = randomBytes(harness.random, size);
    sent.push(Buffer.from(bytes));
    sentBytes += size;
    client.write(harness.random.below(2) === 0 ? bytes : Buffer.from(bytes));
    if (harness.random.below(2) === 0) await harness.settle();
  }
  await harness.finish(client.until(() => client.receivedCount === sentBytes));
  assert.deepEqual(client.received(), Buffer.concat(sent));
  await closeAll(harness, listener, client, server);
}

async function carriesMuch(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  const totalBytes = 5_000_000;
  let pendingMaxBytes = 0;
  server.react = (bytes) => {
    if (!server.write(Uint8Array.from(bytes))) server.pause();
    pendingMaxBytes = Math.max(pendingMaxBytes, server.socket.pendingBytes);
  };
  server.drained = () => server.resume();
  server.start();
  client.start();
  const sent = randomBytes(harness.random, totalBytes);
  const expected = Buffer.from(sent);
  client.write(sent);
  await harness.finish(client.until(() => client.receivedCount === totalBytes));
  assert.ok(client.received().equals(expected));
  assert.ok(pendingMaxBytes <= PIECE_BYTES, `${pendingMaxBytes} bytes were pending at the echo`);
  await closeAll(harness, listener, client, server);
}

/** Reuses its memory after true at once, and never after false. */
async function respectsMemory(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.start();
  client.start();
  const sent: Buffer[] = [];
  let sentBytes = 0;
  let memory = new Uint8Array(PIECE_BYTES);
  for (let round = 0; round < 64; round++) {
    const size = 1 + harness.random.below(PIECE_BYTES);
    const bytes = memory.subarray(0, size);
    bytes.set(randomBytes(harness.random, size));
    sent.push(Buffer.from(bytes));
    sentBytes += size;
    if (client.write(bytes)) memory.fill(0);
    else memory = new Uint8Array(PIECE_BYTES);
    if (round % 4 === 0) await harness.settle();
  }
  await harness.finish(server.until(() => server.receivedCount === sentBytes));
  assert.ok(server.received().equals(Buffer.concat(sent)));
  await closeAll(harness, listener, client, server);
}

async function tellsDrain(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness, false);
  server.start();
  client.start();
  server.pause();
  assert.equal(client.socket.pendingBytes, 0);
  for (let count = 0; count < 2; count++) {
    assert.equal(client.write(new Uint8Array(harness.moreThanBuffersBytes)), false);
  }
  assert.ok(client.socket.pendingBytes > harness.moreThanBuffersBytes);
  // More, when the first has gone and the second is going.
  server.react = () => {
    if (server.receivedCount <= harness.moreThanBuffersBytes) return;
    server.react = () => {};
    assert.equal(client.write(new Uint8Array(10)), false);
  };
  server.resume();
  const totalBytes = 2 * harness.moreThanBuffersBytes + 10;
  await harness.finish(server.until(() => server.receivedCount === totalBytes));
  await harness.finish(client.until(() => client.calls.includes("drain")));
  assert.equal(client.socket.pendingBytes, 0);
  await closeAll(harness, listener, client, server);
}

async function pauses(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness, false);
  server.react = () => {
    if (server.receivedCount < PIECE_BYTES * 4) return;
    server.react = () => {};
    server.pause();
  };
  server.start();
  client.start();
  let sentBytes = 0;
  for (; sentBytes < harness.moreThanBuffersBytes; sentBytes += PIECE_BYTES) {
    client.write(new Uint8Array(PIECE_BYTES));
  }
  await harness.finish(server.until(() => server.receivedCount >= PIECE_BYTES * 4));
  const beforeBytes = server.receivedCount;
  await harness.settle();
  assert.equal(server.receivedCount, beforeBytes, "bytes came while paused");
  assert.ok(client.socket.pendingBytes > 0, "the sender felt nothing");
  server.resume();
  await harness.finish(server.until(() => server.receivedCount === sentBytes));
  await closeAll(harness, listener, client, server);
}

async function waitsForStart(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.write(Uint8Array.of(1, 2, 3));
  client.write(Uint8Array.of(4, 5));
  await harness.settle();
  assert.deepEqual([client.calls, server.calls], [[], []]);
  client.start();
  server.start();
  await harness.finish(client.until(() => client.receivedCount === 3));
  await harness.finish(server.until(() => server.receivedCount === 2));
  await closeAll(harness, listener, client, server);
}

async function halfCloses(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.start();
  client.start();
  client.write(Uint8Array.of(1));
  client.end();
  await harness.finish(server.until(() => server.calls.includes("end")));
  assert.deepEqual(server.calls, ["bytes", "end"]);
  await harness.settle();
  const answer = randomBytes(harness.random, 100_000);
  const expected = Buffer.from(answer);
  server.write(answer);
  await harness.finish(client.until(() => client.receivedCount === 100_000));
  assert.ok(client.received().equals(expected));
  server.end();
  await harness.finish(Promise.all([client.untilClosed(), server.untilClosed()]));
  for (const { calls } of [client, server]) {
    assert.deepEqual(
      calls.filter((call) => call !== "drain"),
      ["bytes", "end", "close"],
    );
  }
  assert.deepEqual([client.closeError, server.closeError], [undefined, undefined]);
  await harness.finish(listener.close());
}

async function endsAfterPending(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness, false);
  server.start();
  client.start();
  server.pause();
  client.write(new Uint8Array(harness.moreThanBuffersBytes));
  client.end();
  server.resume();
  await harness.finish(server.until(() => server.calls.includes("end")));
  assert.equal(server.receivedCount, harness.moreThanBuffersBytes);
  server.end();
  await harness.finish(Promise.all([client.untilClosed(), server.untilClosed()]));
  await harness.finish(listener.close());
}

async function destroys(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.start();
  client.start();
  client.write(Uint8Array.of(1));
  await harness.finish(server.until(() => server.receivedCount === 1));
  client.destroy();
  client.destroy();
  await harness.finish(client.untilClosed());
  assert.equal(client.closeError, undefined);
  await harness.finish(server.until(() => server.calls.includes("end") || server.closed));
  if (!server.closed) {
    // It was told of an end only: the rest it learns when it sends.
    server.write(Uint8Array.of(2));
    await harness.settle();
    server.write(Uint8Array.of(3));
    await harness.finish(server.untilClosed());
  }
  assert.equal(server.closeError?.code, "unavailable");
  server.destroy();
  await harness.settle();
  assert.equal(server.calls.filter((call) => call === "close").length, 1);
  await harness.finish(listener.close());
}

async function startsAfterClose(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.destroy();
  client.destroy();
  await harness.settle();
  server.start();
  client.start();
  await harness.finish(Promise.all([client.untilClosed(), server.untilClosed()]));
  assert.deepEqual([client.calls, server.calls], [["close"], ["close"]]);
  await harness.finish(listener.close());
}

async function ignoresAfterClose(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.start();
  client.start();
  client.end();
  assert.equal(client.write(Uint8Array.of(1)), true, "a write after the end");
  await harness.finish(server.until(() => server.calls.includes("end")));
  server.destroy();
  await harness.finish(server.untilClosed());
  assert.equal(server.write(Uint8Array.of(1)), true, "a write after the close");
  assert.equal(server.socket.pendingBytes, 0);
  server.pause();
  server.resume();
  server.end();
  server.destroy();
  client.destroy();
  await harness.finish(client.untilClosed());
  await harness.settle();
  assert.deepEqual(server.calls, ["end", "close"]);
  await harness.finish(listener.close());
}

async function refusesSecondHandler(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  client.start();
  server.start();
  assert.throws(() => client.socket.start(client));
  await closeAll(harness, listener, client, server);
}

async function refusesConnection(harness: NetworkHarness): Promise<void> {
  const { network, listenOptions, connectOptions } = harness;
  const listener = await harness.finish(network.listen(harness.address(), () => {}, listenOptions));
  await harness.finish(listener.close());
  const error = await failure(harness, network.connect(listener.address, connectOptions));
  assert.equal(error.code, "unavailable");
  assert.equal(error.workStarted, "no");
  assert.ok(error.message.includes(formatAddress(listener.address)), error.message);
}

async function refusesTakenAddress(harness: NetworkHarness): Promise<void> {
  const { network, listenOptions } = harness;
  const listen = (address: Address): Promise<Listener> =>
    network.listen(address, (socket) => socket.destroy(), listenOptions);
  const listener = await harness.finish(listen(harness.address()));
  const { address } = listener;
  const error = await failure(harness, listen(address));
  assert.equal(error.code, "unavailable");
  const place =
    address.kind === "unix"
      ? `socket file ${address.path}`
      : `port ${address.port} on ${address.host}`;
  assert.equal(error.message, `${place} is taken by another process`);
  await harness.finish(listener.close());
  const next = await harness.finish(listen(address));
  await harness.finish(next.close());
}

async function closesListener(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  server.start();
  client.start();
  await harness.finish(Promise.all([listener.close(), listener.close()]));
  await failure(harness, harness.network.connect(listener.address, harness.connectOptions));
  client.write(Uint8Array.of(1, 2));
  await harness.finish(server.until(() => server.receivedCount === 2));
  await closeAll(harness, listener, client, server);
}

async function namesEnds(harness: NetworkHarness): Promise<void> {
  const { listener, client, server } = await connectPair(harness);
  assert.equal(client.socket.remote, formatAddress(listener.address));
  assert.equal(server.socket.local, client.socket.remote);
  assert.equal(server.socket.remote, client.socket.local);
  client.start();
  server.start();
  await closeAll(harness, listener, client, server);
}

async function connectPair(harness: NetworkHarness, keep = true): Promise<Pair> {
  const { network, listenOptions, connectOptions } = harness;
  let onServer: (socket: Socket) => void = () => {};
  const accepted = new Promise<Socket>((resolve) => {
    onServer = resolve;
  });
  const listener = await harness.finish(
    network.listen(harness.address(), (socket) => onServer(socket), listenOptions),
  );
  const connecting = network.connect(listener.address, connectOptions);
  const [client, server] = await harness.finish(Promise.all([connecting, accepted]));
  return { listener, client: new Peer(client, keep), server: new Peer(server, keep) };
}

async function closeAll(
  harness: NetworkHarness,
  listener: Listener,
  client: Peer,
  server: Peer,
): Promise<void> {
  client.end();
  server.end();
  await harness.finish(Promise.all([client.untilClosed(), server.untilClosed()]));
  assert.equal(client.closeError, undefined);
  assert.equal(server.closeError, undefined);
  await harness.finish(listener.close());
}

async function failure(harness: NetworkHarness, promise: Promise<unknown>): Promise<ServiceError> {
  const error = await harness.finish(
    promise.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  );
  assert.ok(error instanceof ServiceError, "it did not fail with a ServiceError");
  return error;
}

function randomBytes(random: Random, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = random.below(256);
  return bytes;
}

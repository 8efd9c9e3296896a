// Fills a feed-history service through its own SetHistory, so many calls in flight on one
// connection, framed Binary: `holdfast-loader.ts PORT USERS ITEMS_PER_USER`.
import { once } from "node:events";
import { connect } from "node:net";
import { EXTRA_BYTES, ExtraMaker, itemIdOf, KIND_VIDEO, parseDataset, timeOf } from "./dataset.ts";

const CALLS_IN_FLIGHT = 64;
const ITEMS_PER_CALL_MAX = 1000;
const ITEM_BYTES = 11 + 11 + 7 + 7 + EXTRA_BYTES + 1;
const NAME = "SetHistory";
/** From the name's start: the sequence id, and the answer's `stored` behind the heads of fields. */
const ANSWER_BYTES = 4 + 4 + 4 + NAME.length + 4 + 6 + 4;

const [port = "", users, items] = process.argv.slice(2);
const dataset = parseDataset(users, items);
const extras = new ExtraMaker();
const calls = allCalls();
const socket = connect(Number(port), "127.0.0.1");
socket.setNoDelay(true);
await once(socket, "connect");
for (let count = 0; count < CALLS_IN_FLIGHT; count++) sendNext();
await readAnswers();
socket.end();

/** Each call's frame, made when it is asked for. */
function* allCalls(): Generator<Buffer> {
  for (let user = 1; user <= dataset.users; user++) {
    for (let first = 0; first < dataset.itemsPerUser; first += ITEMS_PER_CALL_MAX) {
      yield callOf(user, first, Math.min(dataset.itemsPerUser, first + ITEMS_PER_CALL_MAX));
    }
  }
}

function sendNext(): boolean {
  const next = calls.next();
  if (next.done !== true) socket.write(next.value);
  return next.done !== true;
}

/** SetHistory of the items [first, end) of a user. */
function callOf(user: number, first: number, end: number): Buffer {
  const frame = Buffer.alloc(64 + (end - first) * ITEM_BYTES);
  let at = frame.writeUInt32BE(0x80010001, 4);
  at = frame.writeUInt32BE(NAME.length, at);
  at += frame.write(NAME, at, "latin1");
  at = frame.writeUInt32BE(user, at);
  at += frame.write("0c0001" + "0a0001", at, "hex"); // the request, its userId
  at = frame.writeBigInt64BE(BigInt(user), at);
  at += frame.write("0f0002" + "0c", at, "hex"); // its list of structs
  at = frame.writeUInt32BE(end - first, at);
  for (let index = first; index < end; index++) at = putItem(frame, at, user, index);
  at += frame.write("0000", at, "hex");
  frame.writeUInt32BE(at - 4, 0);
  return frame.subarray(0, at);
}

function putItem(frame: Buffer, start: number, user: number, index: number): number {
  let at = start + frame.write("0a0001", start, "hex");
  at = frame.writeBigInt64BE(BigInt(itemIdOf(user, index)), at);
  at += frame.write("0a0002", at, "hex");
  at = frame.writeBigInt64BE(BigInt(timeOf(index)), at);
  at += frame.write("080003", at, "hex");
  at = frame.writeUInt32BE(KIND_VIDEO, at);
  at += frame.write("0b0004", at, "hex");
  at = frame.writeUInt32BE(EXTRA_BYTES, at);
  at += extras.next().copy(frame, at);
  return frame.writeUInt8(0, at);
}

/** Sends a call for each answer, and returns when all are answered; throws if one is wrong. */
async function readAnswers(): Promise<void> {
  let waiting = CALLS_IN_FLIGHT;
  let unsent = true;
  let stored = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, bytes as Buffer]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const size = 4 + rest.readUInt32BE(0);
      if (rest.readUInt32BE(4) !== 0x80010002 || size < ANSWER_BYTES) {
        throw new Error(`SetHistory was refused: ${rest.toString("latin1", 4, size)}`);
      }
      stored += rest.readUInt32BE(ANSWER_BYTES - 4);
      rest = rest.subarray(size);
      unsent &&= sendNext();
      if (!unsent) waiting--;
    }
    if (stored === dataset.users * dataset.itemsPerUser) return;
    if (waiting <= 0) throw new Error(`only ${stored} items were stored`);
  }
  throw new Error("the service closed the connection");
}

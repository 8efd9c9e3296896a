// Fills a Redis before it is measured, one ZADD a user, many on their way at once:
// `redis-loader.ts PORT USERS ITEMS_PER_USER [scores]`.
import { once } from "node:events";
import { connect } from "node:net";
import { EXTRA_BYTES, ExtraMaker, itemIdOf, KIND_VIDEO, parseDataset, timeOf } from "./dataset.ts";

const CHUNK_BYTES = 1 << 20;

const [port = "", users, items, layout] = process.argv.slice(2);
/** The time is the score; unless it is only there, it stands in the member too. */
const timeInMember = layout !== "scores";
const memberBytes = 8 + (timeInMember ? 8 : 0) + 4 + EXTRA_BYTES;
const dataset = parseDataset(users, items);
const extras = new ExtraMaker();
const socket = connect(Number(port), "127.0.0.1");
await once(socket, "connect");
const answered = readAnswers();
let chunk: Buffer[] = [];
let chunkBytes = 0;
for (let user = 1; user <= dataset.users; user++) {
  const command = commandOf(user);
  chunk.push(command);
  chunkBytes += command.length;
  if (chunkBytes < CHUNK_BYTES && user < dataset.users) continue;
  if (!socket.write(Buffer.concat(chunk))) await once(socket, "drain");
  chunk = [];
  chunkBytes = 0;
}
await answered;
socket.end();

/** As load/history.c makes them. */
function commandOf(user: number): Buffer {
  const count = 2 + 2 * dataset.itemsPerUser;
  const head = `*${count}\r\n$4\r\nZADD\r\n$12\r\nh:${String(user).padStart(10, "0")}\r\n`;
  const itemBytes = "$13\r\n1234567890123\r\n$52\r\n\r\n".length + memberBytes;
  const command = Buffer.alloc(head.length + dataset.itemsPerUser * itemBytes);
  let at = command.write(head, "latin1");
  for (let index = 0; index < dataset.itemsPerUser; index++) {
    const time = timeOf(index);
    at += command.write(`$13\r\n${time}\r\n$${memberBytes}\r\n`, at, "latin1");
    at = command.writeBigInt64BE(BigInt(itemIdOf(user, index)), at);
    if (timeInMember) at = command.writeBigInt64BE(BigInt(time), at);
    at = command.writeInt32BE(KIND_VIDEO, at);
    at += extras.next().copy(command, at);
    at += command.write("\r\n", at, "latin1");
  }
  return command;
}

/** Resolves when every ZADD has said that it stored all its items; exits if one did not. */
async function readAnswers(): Promise<void> {
  const wanted = `:${dataset.itemsPerUser}`;
  let seen = 0;
  let rest = "";
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    const lines = (rest + String(bytes)).split("\r\n");
    rest = lines.pop() ?? "";
    const wrong = lines.find((line) => line !== wanted);
    if (wrong !== undefined) throw new Error(`Redis answered ${wrong}`);
    seen += lines.length;
    if (seen === dataset.users) return;
  }
  throw new Error("Redis went away");
}

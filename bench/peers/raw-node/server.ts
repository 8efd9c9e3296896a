// The floor: Node reads length-prefixed frames, marks each as a reply (one byte: CALL becomes
// REPLY) and writes the very chunk it read. No decoding, no copy, one write per read. `server.ts
// PORT`
import { createServer } from "node:net";
import type { Socket } from "node:net";

/** Of the strict Binary header behind the 4 length bytes: 0x8001, 0, message type. */
const MESSAGE_TYPE_OFFSET = 7;
const MESSAGE_TYPE_REPLY = 2;

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  let rest: Buffer | undefined;
  socket.on("data", (received: Buffer) => {
    const chunk = rest === undefined ? received : Buffer.concat([rest, received]);
    let at = 0;
    while (at + 4 <= chunk.length) {
      const end = at + 4 + chunk.readUInt32BE(at);
      if (end > chunk.length) break;
      chunk[at + MESSAGE_TYPE_OFFSET] = MESSAGE_TYPE_REPLY;
      at = end;
    }
    rest = at === chunk.length ? undefined : chunk.subarray(at);
    if (at > 0) socket.write(at === chunk.length ? chunk : chunk.subarray(0, at));
  });
  socket.on("error", () => socket.destroy());
}

createServer(serve).listen(
  { port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 },
  () => console.log("ready"),
);

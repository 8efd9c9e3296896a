/**
 * A TCP relay in front of one instance that knows which calls are in flight there: those whose
 * frame went in and whose reply has not come out. When the instance is killed it stops listening,
 * as the instance does, until that answers again.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** u32 length of what follows · u16 magic · u16 flags · i32 sequence id */
const LENGTH_BYTES = 4;
const SEQUENCE_ID_AT = 8;
/** A frame with this word says that nobody waits for the call any more. */
const CANCEL = "holdfast-cancel";
const LOOK_MS = 100;

export class FrameTap implements AsyncDisposable {
  /** Tries that it took with it: those without a reply when it was killed or since. */
  lost = 0;
  private readonly port: number;
  private readonly sockets = new Set<Socket>();
  private readonly tables = new Set<Set<number>>();
  private server: Server | undefined = undefined;
  private listenPort = 0;
  private killed = false;
  private onInFlight: () => void = () => undefined;
  private looking: NodeJS.Timeout | undefined = undefined;

  private constructor(target: string) {
    this.port = Number(target.slice(target.lastIndexOf(":") + 1));
  }

  /** `target` is `host:port` on the loopback. */
  static async start(target: string): Promise<FrameTap> {
    const tap = new FrameTap(target);
    await tap.listen();
    return tap;
  }

  get address(): string {
    return `127.0.0.1:${this.listenPort}`;
  }

  get inFlight(): number {
    let sum = 0;
    for (const table of this.tables) sum += table.size;
    return sum;
  }

  /** Kills the instance in the moment in which so many calls are in flight there. */
  async killAt(inFlight: number, pid: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.onInFlight = () => {
        if (this.inFlight < inFlight) return;
        this.onInFlight = () => undefined;
        process.kill(pid, "SIGKILL");
        this.killed = true;
        this.server?.close();
        this.server = undefined;
        resolve();
      };
    });
    this.looking = setTimeout(() => this.look(), LOOK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.looking);
    for (const socket of this.sockets) socket.destroy();
    if (this.server !== undefined) await once(this.server.close(), "close");
  }

  private async listen(): Promise<void> {
    this.server = createServer((near) => this.accept(near)).listen(this.listenPort, "127.0.0.1");
    await once(this.server, "listening");
    this.listenPort = (this.server.address() as AddressInfo).port;
  }

  /** Listens again once the instance does. */
  private look(): void {
    const probe = connect({ host: "127.0.0.1", port: this.port });
    probe.once("error", () => (this.looking = setTimeout(() => this.look(), LOOK_MS)));
    probe.once("connect", () => {
      probe.destroy();
      this.killed = false;
      void this.listen();
    });
  }

  private accept(near: Socket): void {
    const far = connect({ host: "127.0.0.1", port: this.port });
    const table = new Set<number>();
    this.tables.add(table);
    const frames = new FrameSplitter();
    const replies = new FrameSplitter();
    near.on("data", (chunk: Buffer) => {
      for (const frame of frames.split(chunk)) this.onRequest(frame, table);
      if (!far.destroyed) far.write(chunk);
      this.onInFlight();
    });
    far.on("data", (chunk: Buffer) => {
      for (const frame of replies.split(chunk)) table.delete(frame.readInt32BE(SEQUENCE_ID_AT));
      near.write(chunk);
    });
    this.sockets.add(near).add(far);
    near.on("error", () => far.destroy());
    far.on("error", () => near.end());
    // Not at once: what is on its way to an instance that is gone is lost with it, and counts.
    far.on("close", () => near.end());
    near.on("close", () => {
      this.sockets.delete(near);
      this.sockets.delete(far);
      this.tables.delete(table);
      if (this.killed) this.lost += table.size;
      far.destroy();
    });
  }

  private onRequest(frame: Buffer, table: Set<number>): void {
    const sequenceId = frame.readInt32BE(SEQUENCE_ID_AT);
    // One that is given up since the kill is lost all the same.
    if (frame.includes(CANCEL)) {
      if (!this.killed) table.delete(sequenceId);
    } else table.add(sequenceId);
  }
}

/** Cuts a stream into frames. */
class FrameSplitter {
  private rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole now. */
  split(chunk: Buffer): Buffer[] {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: Buffer[] = [];
    while (bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + bytes.readUInt32BE(0);
      if (bytes.length < end) break;
      frames.push(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.rest = bytes;
    return frames;
  }
}

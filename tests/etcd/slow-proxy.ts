/** A way to a server that can be made slow, and cut. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class SlowProxy implements AsyncDisposable {
  /** Milliseconds that each piece takes longer, in each direction. */
  delayMs = 0;
  private readonly server: Server;
  private readonly target: { readonly host: string; readonly port: number };
  private readonly sockets = new Set<Socket>();
  private cutOff = false;

  private constructor(server: Server, target: string) {
    this.server = server;
    const [host = "", port = ""] = target.split(":");
    this.target = { host, port: Number(port) };
    server.on("connection", (socket) => this.onConnection(socket));
  }

  static async start(target: string): Promise<SlowProxy> {
    const server = createServer();
    const proxy = new SlowProxy(server, target);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get endpoint(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends what is connected; nobody gets through until `mend`. */
  cut(): void {
    this.cutOff = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.cutOff = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }

  private onConnection(near: Socket): void {
    if (this.cutOff) {
      near.destroy();
      return;
    }
    const far = connect(this.target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on("error", () => undefined);
      from.on("data", (bytes) => this.later(() => void to.write(bytes)));
      from.on("close", () => {
        this.sockets.delete(from);
        this.later(() => void to.destroy());
      });
    }
  }

  /** Pieces stay in order: the pause is the same for all that come while it is set. */
  private later(work: () => void): void {
    if (this.delayMs === 0) work();
    else setTimeout(work, this.delayMs);
  }
}

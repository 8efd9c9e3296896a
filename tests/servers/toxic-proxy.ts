/**
 * A TCP proxy with faults, for what stands between a program and a real server: slow, cut off, or
 * silent while the connections stay open.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class ToxicProxy implements AsyncDisposable {
  private readonly server: Server;
  private readonly target: { readonly host: string; readonly port: number };
  private readonly sockets = new Set<Socket>();
  private readonly held: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private delayMs = 0;
  private mode: "pass" | "refuse" | "silent" = "pass";

  private constructor(target: string) {
    const [host = "", port = ""] = target.split(/:(?=\d+$)/);
    this.target = { host, port: Number(port) };
    this.server = createServer({ allowHalfOpen: true }, (near) => this.accept(near));
  }

  /** `target` is `host:port`. */
  static async start(target: string): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(target);
    await once(proxy.server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  /** Where it listens, `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Every piece of data is late by this much, in each direction; milliseconds, 0 for none. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** Ends every connection, and every new one at once. */
  cut(): void {
    this.mode = "refuse";
    for (const socket of this.sockets) socket.destroy();
  }

  /** Connections stay and new ones are taken, but nothing passes any more. */
  silence(): void {
    this.mode = "silent";
  }

  /** As if nothing had been; what was held back passes now. */
  heal(): void {
    this.mode = "pass";
    this.delayMs = 0;
    for (const pass of this.held.splice(0)) pass();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    for (const socket of this.sockets) socket.destroy();
    await once(this.server.close(), "close");
  }

  private accept(near: Socket): void {
    if (this.mode === "refuse") {
      near.destroy();
      return;
    }
    const far = connect({ ...this.target, allowHalfOpen: true });
    this.join(near, far);
    this.join(far, near);
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on("data", (data: Buffer) => this.later(() => to.write(data)));
    from.on("end", () => this.later(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }

  private later(pass: () => void): void {
    if (this.mode === "silent") {
      this.held.push(pass);
      return;
    }
    if (this.delayMs === 0) {
      pass();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (this.mode === "silent") this.held.push(pass);
      else pass();
    }, this.delayMs);
    this.timers.add(timer);
  }
}

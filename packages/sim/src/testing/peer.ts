/**
 * One end of a connection as the network contract drives it: it records what the handler was told
 * and fails when a promise of core's Socket is broken.
 */
import assert from "node:assert/strict";
import type { ServiceError, Socket, SocketHandler } from "@holdfast/core";

type Call = "bytes" | "end" | "drain" | "close";

export class Peer implements SocketHandler {
  readonly socket: Socket;
  /** Every call but onBytes, in order; of onBytes only the first in a row. */
  readonly calls: Call[] = [];
  closeError: ServiceError | undefined = undefined;
  receivedCount = 0;
  private readonly keep: boolean;
  private readonly chunks: Uint8Array[] = [];
  private insideSocket = false;
  private insideHandler = false;
  private waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];
  /** What the test does with bytes, besides counting them. */
  react: (bytes: Uint8Array) => void = () => {};
  drained: () => void = () => {};

  /** `keep`: whether received bytes are kept for `received()`. */
  constructor(socket: Socket, keep: boolean = true) {
    this.socket = socket;
    this.keep = keep;
  }

  start(): this {
    this.guarded(() => this.socket.start(this));
    return this;
  }

  write(bytes: Uint8Array): boolean {
    return this.guarded(() => this.socket.write(bytes));
  }

  pause(): void {
    this.guarded(() => this.socket.pause());
  }

  resume(): void {
    this.guarded(() => this.socket.resume());
  }

  end(): void {
    this.guarded(() => this.socket.end());
  }

  destroy(): void {
    this.guarded(() => this.socket.destroy());
  }

  received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get closed(): boolean {
    return this.calls.at(-1) === "close";
  }

  /** Resolves once `condition()` holds; it is asked after every call of the handler. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push({ condition, resolve });
    });
  }

  untilClosed(): Promise<void> {
    return this.until(() => this.closed);
  }

  onBytes(bytes: Uint8Array): void {
    this.called("bytes", () => {
      assert.ok(bytes.length > 0, "onBytes came without bytes");
      this.receivedCount += bytes.length;
      if (this.keep) this.chunks.push(Uint8Array.from(bytes));
      this.react(bytes);
    });
  }

  onEnd(): void {
    assert.ok(!this.calls.includes("end"), "onEnd came twice");
    this.called("end", () => {});
  }

  onDrain(): void {
    assert.equal(this.socket.pendingBytes, 0, "onDrain came with bytes pending");
    this.called("drain", () => this.drained());
  }

  onClose(error: ServiceError | undefined): void {
    this.closeError = error;
    if (error !== undefined) assert.equal(error.code, "unavailable");
    this.called("close", () => {});
  }

  private called(call: Call, body: () => void): void {
    assert.ok(!this.closed, `${call} came after onClose`);
    assert.ok(!this.insideSocket, `${call} came inside a call to the socket`);
    assert.ok(!this.insideHandler, `${call} came inside another call of the handler`);
    if (call !== "bytes" || this.calls.at(-1) !== "bytes") this.calls.push(call);
    this.insideHandler = true;
    body();
    this.insideHandler = false;
    const fulfilled = this.waiting.filter((waiter) => waiter.condition());
    this.waiting = this.waiting.filter((waiter) => !fulfilled.includes(waiter));
    for (const waiter of fulfilled) waiter.resolve();
  }

  private guarded<Value>(call: () => Value): Value {
    const outer = this.insideSocket;
    this.insideSocket = true;
    const value = call();
    this.insideSocket = outer;
    return value;
  }
}

/**
 * One real connection, TCP, Unix or TLS, as core's Socket: a thin skin over net.Socket that keeps
 * the interface's promises about order, ownership of memory and the last call.
 */
import type { Socket as Stream } from "node:net";
import type { ServiceError, Socket, SocketHandler } from "@holdfast/core";
import { lostError } from "./network-errors.ts";
import type { SocketNames } from "./socket-names.ts";

/** How bytes get from the stream to the handler, and how the end of a write is learnt. */
export type StreamKind =
  /** Plain; its `onread` calls `deliver`: one buffer for all, no stream machinery. */
  | "plain"
  /** Plain, with 'data' events: a Buffer for every read. */
  | "plain-events"
  /** TLS, with 'data' events; a write is never done at once. */
  | "tls";

/** Written behind bytes that wait, so that its callback tells when they are gone. */
const MARK = Buffer.alloc(0);

/** The handler of a connection that has closed. */
const NOBODY: SocketHandler = {
  onBytes() {},
  onEnd() {},
  onDrain() {},
  onClose() {},
};

export class TcpSocket implements Socket {
  readonly remote: string;
  readonly local: string;
  readonly peerSubject: string | undefined;
  private readonly stream: Stream;
  private readonly kind: StreamKind;
  private handler: SocketHandler | undefined = undefined;
  private failure: ServiceError | undefined = undefined;
  private paused = false;
  private ended = false;
  private destroyed = false;
  private closed = false;
  private markWritten = false;
  /** A write was not taken at once, and onDrain was not called since. */
  private drainExpected = false;
  private readonly onWritten = (error?: Error | null): void => {
    this.markWritten = false;
    if (error === null || error === undefined) this.tellDrain();
  };

  /** `stream` is connected and does not deliver yet. */
  constructor(stream: Stream, kind: StreamKind, names: SocketNames) {
    this.stream = stream;
    this.kind = kind;
    this.remote = names.remote;
    this.local = names.local;
    this.peerSubject = names.peerSubject;
    stream.on("error", (error) => {
      this.failure ??= lostError(this.remote, error);
    });
    stream.on("close", () => this.onStreamClose());
  }

  get pendingBytes(): number {
    // What was pending at the close is lost, and so pending no more.
    return this.closed ? 0 : this.stream.writableLength;
  }

  start(handler: SocketHandler): void {
    if (this.handler !== undefined) throw new Error("a socket is started once");
    this.handler = handler;
    if (this.closed) {
      process.nextTick(() => this.tellClose());
      return;
    }
    if (this.drainExpected) process.nextTick(() => this.tellDrain());
    this.stream.on("end", () => {
      if (!this.destroyed) this.handler!.onEnd();
    });
    if (this.kind !== "plain") {
      this.stream.on("data", (bytes: Buffer) => this.deliver(bytes));
    }
    if (!this.paused) this.stream.resume();
  }

  /** Called by the stream, in either mode; the bytes are valid only during the call. */
  deliver(bytes: Uint8Array): void {
    if (!this.destroyed) this.handler!.onBytes(bytes);
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended || this.closed || bytes.length === 0) return true;
    const stream = this.stream;
    if (this.kind === "tls") stream.write(bytes, this.onWritten);
    else stream.write(bytes);
    // Node asks the kernel first: what it took at once is not counted any more.
    if (stream.writableLength === 0) return true;
    this.drainExpected = true;
    if (this.kind !== "tls" && !this.markWritten) this.writeMark();
    return false;
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    if (this.handler === undefined) return;
    this.stream.pause();
    // Node carries out a resume of this turn at its end, and reads again whatever came after it.
    process.nextTick(() => {
      if (this.paused && !this.closed) this.stream.pause();
    });
  }

  resume(): void {
    if (!this.paused || this.closed) return;
    this.paused = false;
    if (this.handler !== undefined) this.stream.resume();
  }

  end(): void {
    if (this.ended || this.closed) return;
    this.ended = true;
    this.stream.end();
  }

  destroy(): void {
    if (this.destroyed || this.closed) return;
    this.destroyed = true;
    this.ended = true;
    this.stream.destroy();
  }

  /**
   * Why a mark? Node's 'drain' comes only after its high-water mark was passed, and a callback on
   * every write costs every write. An empty write behind the bytes that wait is answered when they
   * are gone, and is made only when the kernel did not take a write at once. TLS never does, so
   * there every write has the callback.
   */
  private writeMark(): void {
    this.markWritten = true;
    this.stream.write(MARK, this.onWritten);
  }

  private tellDrain(): void {
    if (!this.drainExpected || this.destroyed || this.closed) return;
    if (this.stream.writableLength === 0) {
      // A handler that is still to come is told when it has.
      if (this.handler === undefined) return;
      this.drainExpected = false;
      this.handler.onDrain();
    } else if (this.kind !== "tls" && !this.markWritten && !this.ended) {
      // More was written behind the mark.
      this.writeMark();
    }
  }

  private onStreamClose(): void {
    this.closed = true;
    this.ended = true;
    if (this.handler !== undefined) this.tellClose();
  }

  private tellClose(): void {
    const handler = this.handler!;
    // V8 keeps a closed handle, and Node's stream on it, for a collection or two: not the rest too.
    this.handler = NOBODY;
    handler.onClose(this.outcome());
  }

  /** Closing by our own wish is orderly, whatever the connection said to it. */
  private outcome(): ServiceError | undefined {
    return this.destroyed ? undefined : this.failure;
  }
}

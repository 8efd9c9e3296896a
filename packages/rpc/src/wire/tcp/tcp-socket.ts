/**
 * One real connection, TCP, Unix or TLS, as core's Socket: a thin skin over net.Socket that keeps
 * the interface's promises about order, ownership of memory and the last call.
 */
import type { Socket as Stream } from "node:net";
import type { ServiceError, Socket, SocketHandler } from "@holdfast/core";
import { lostError } from "./network-errors.ts";
import type { SocketNames } from "./socket-names.ts";

/** How bytes get from the stream to the handler. */
export type ReadMode =
  /** The stream's `onread` calls `deliver`: one buffer for all, no stream machinery. */
  | "onread"
  /** 'data' events: a Buffer for every read. */
  | "events";

/** Written behind bytes that wait, so that its callback tells when they are gone. */
const MARK = Buffer.alloc(0);

export class TcpSocket implements Socket {
  readonly remote: string;
  readonly local: string;
  readonly peerSubject: string | undefined;
  private readonly stream: Stream;
  private readonly readMode: ReadMode;
  private handler: SocketHandler | undefined = undefined;
  private failure: ServiceError | undefined = undefined;
  private paused = false;
  private ended = false;
  private destroyed = false;
  private closed = false;
  private markWritten = false;
  /** The handler came after the bytes had left that it would have been told of. */
  private drainOwed = false;

  /** `stream` is connected and does not deliver yet. */
  constructor(stream: Stream, readMode: ReadMode, names: SocketNames) {
    this.stream = stream;
    this.readMode = readMode;
    this.remote = names.remote;
    this.local = names.local;
    this.peerSubject = names.peerSubject;
    stream.on("error", (error) => {
      this.failure ??= lostError(this.remote, error);
    });
    stream.on("close", () => this.onStreamClose());
  }

  get pendingBytes(): number {
    return this.stream.writableLength;
  }

  start(handler: SocketHandler): void {
    if (this.handler !== undefined) throw new Error("a socket is started once");
    this.handler = handler;
    if (this.closed) {
      process.nextTick(() => handler.onClose(this.outcome()));
      return;
    }
    if (this.drainOwed) process.nextTick(() => this.onPendingGone());
    this.stream.on("end", () => {
      if (!this.destroyed) handler.onEnd();
    });
    if (this.readMode === "events") {
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
    stream.write(bytes);
    // Node asks the kernel first: what it took at once is not counted any more.
    if (stream.writableLength === 0) return true;
    if (!this.markWritten) this.writeMark();
    return false;
  }

  pause(): void {
    if (this.paused || this.closed) return;
    this.paused = true;
    if (this.handler !== undefined) this.stream.pause();
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
   * are gone, and is made only when the kernel did not take a write at once.
   */
  private writeMark(): void {
    this.markWritten = true;
    this.stream.write(MARK, (error) => {
      this.markWritten = false;
      if (error === null || error === undefined) this.onPendingGone();
    });
  }

  private onPendingGone(): void {
    if (this.destroyed || this.closed) return;
    this.drainOwed = false;
    // More was written behind the mark: it needs another one, unless nothing can be written now.
    if (this.stream.writableLength > 0) {
      if (!this.markWritten && !this.ended) this.writeMark();
    } else if (this.handler === undefined) this.drainOwed = true;
    else this.handler.onDrain();
  }

  private onStreamClose(): void {
    this.closed = true;
    this.ended = true;
    this.handler?.onClose(this.outcome());
  }

  /** Closing by our own wish is orderly, whatever the connection said to it. */
  private outcome(): ServiceError | undefined {
    return this.destroyed ? undefined : this.failure;
  }
}

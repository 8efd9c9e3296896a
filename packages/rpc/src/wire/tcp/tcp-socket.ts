/**
 * One real connection, TCP, Unix or TLS, as core's Socket: a thin skin over net.Socket that keeps
 * the interface's promises about order, ownership of memory and the last call.
 */
import type { Socket as Stream } from "node:net";
import { ServiceError, type Socket, type SocketHandler } from "@holdfast/core";

/** Names of the two ends; taken when the connection is made, for they are gone when it is. */
export interface SocketNames {
  readonly remote: string;
  readonly local: string;
  readonly peerSubject: string | undefined;
}

/** How bytes get from the stream to the handler. */
export type ReadMode =
  /** Through the `onread` option: one buffer, no stream machinery. */
  | "onread"
  /** Through 'data' events: a Buffer for every read. */
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
  private markPending = false;

  /** `stream` is connected and not yet reading. */
  constructor(stream: Stream, readMode: ReadMode, names: SocketNames) {
    this.stream = stream;
    this.readMode = readMode;
    this.remote = names.remote;
    this.local = names.local;
    this.peerSubject = names.peerSubject;
    stream.on("error", (error) => {
      this.failure ??= closeError(this.remote, error);
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
      process.nextTick(() => handler.onClose(this.failure));
      return;
    }
    this.stream.on("end", () => {
      if (!this.destroyed) handler.onEnd();
    });
    if (this.readMode === "events") this.stream.on("data", (bytes: Buffer) => this.deliver(bytes));
    if (!this.paused) this.stream.resume();
  }

  /** Called by the stream, in either mode, with bytes that are valid only now. */
  deliver(bytes: Uint8Array): void {
    if (!this.destroyed) this.handler!.onBytes(bytes);
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended || this.closed || bytes.length === 0) return true;
    const stream = this.stream;
    stream.write(bytes);
    // Node tries the kernel first: what it took at once is not counted any more.
    if (stream.writableLength === 0) return true;
    if (!this.markPending) this.mark();
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
   * 'drain' events come only after the high-water mark was passed; an empty write is answered
   * whenever all before it is gone, and costs nothing while the kernel takes what is written.
   */
  private mark(): void {
    this.markPending = true;
    this.stream.write(MARK, () => {
      this.markPending = false;
      if (this.destroyed || this.closed || this.failure !== undefined) return;
      if (this.stream.writableLength > 0) this.mark();
      else this.handler?.onDrain();
    });
  }

  private onStreamClose(): void {
    this.closed = true;
    this.ended = true;
    this.handler?.onClose(this.destroyed ? undefined : this.failure);
  }
}

function closeError(remote: string, cause: Error): ServiceError {
  const code = (cause as NodeJS.ErrnoException).code;
  const reason = code === "ECONNRESET" || code === "EPIPE" ? "reset by the peer" : cause.message;
  return new ServiceError("unavailable", `connection to ${remote} lost: ${reason}`, { cause });
}

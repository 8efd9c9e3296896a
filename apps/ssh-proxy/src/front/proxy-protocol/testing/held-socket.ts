/** A socket whose far end and whose network the test holds. */
import type { ServiceError, Socket, SocketHandler } from "holdfast";

export class HeldSocket implements Socket {
  readonly remote: string;
  readonly local = "127.0.0.1:22";
  readonly peerSubject = undefined;
  pendingBytes = 0;
  readonly written: Buffer[] = [];
  paused = false;
  ended = false;
  destroyed = false;
  private handler: SocketHandler | undefined = undefined;

  constructor(remote = "10.0.0.1:40000") {
    this.remote = remote;
  }

  start(handler: SocketHandler): void {
    this.handler = handler;
  }

  write(bytes: Uint8Array): boolean {
    this.written.push(Buffer.from(bytes));
    return true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** Bytes come; their memory is used again afterwards, as a real socket's is. */
  deliver(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes);
    this.handler!.onBytes(buffer);
    buffer.fill(0xee);
  }

  deliverEnd(): void {
    this.handler!.onEnd();
  }

  deliverDrain(): void {
    this.handler!.onDrain();
  }

  deliverClose(error?: ServiceError): void {
    this.handler!.onClose(error);
  }
}

/** A channel whose far end the test holds: its window, its socket, and what was sent. */
import type { SshChannel } from "../../ssh/connection/ssh-channel.ts";
import type { FlowEnd } from "../flow.ts";

export class FakeChannel implements SshChannel {
  readonly id = 0;
  grantedBytes: number;
  windowBytes: number;
  /** Whether the socket takes bytes. */
  socketOpen = true;
  paused = 0;
  pendingBytes = 0;
  readonly events: string[] = [];
  private readonly sentPieces: Buffer[] = [];
  private readonly stderrPieces: Buffer[] = [];

  constructor(windowBytes: number, grantedBytes = 0) {
    this.windowBytes = windowBytes;
    this.grantedBytes = grantedBytes;
  }

  get end(): FlowEnd {
    return {
      channel: this,
      connection: {
        pendingBytes: this.pendingBytes,
        pauseReading: () => void this.paused++,
        resumeReading: () => void this.paused--,
      },
    };
  }

  get sent(): Buffer {
    return Buffer.concat(this.sentPieces);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.stderrPieces);
  }

  get sendableBytes(): number {
    return this.socketOpen ? this.windowBytes : 0;
  }

  send(bytes: Uint8Array): void {
    this.take(bytes);
    this.sentPieces.push(Buffer.from(bytes));
  }

  sendStderr(bytes: Uint8Array): void {
    this.take(bytes);
    this.stderrPieces.push(Buffer.from(bytes));
  }

  grant(bytes: number): void {
    this.grantedBytes += bytes;
  }

  eof(): void {
    this.events.push("eof");
  }

  request(name: string): void {
    this.events.push(name);
  }

  ask(name: string): Promise<boolean> {
    this.events.push(name);
    return Promise.resolve(true);
  }

  exitStatus(status: number): void {
    this.events.push(`exit ${status}`);
  }

  exitSignal(name: string): void {
    this.events.push(`signal ${name}`);
  }

  close(): void {
    this.events.push("close");
  }

  private take(bytes: Uint8Array): void {
    if (bytes.length > this.sendableBytes) throw new Error("more than may be sent");
    this.windowBytes -= bytes.length;
  }
}

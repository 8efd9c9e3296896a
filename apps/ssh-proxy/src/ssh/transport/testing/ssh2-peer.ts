/** A stream in memory by which ssh2 is the peer of a transport of ours; no port is needed. */
import { Duplex } from "node:stream";
import type { SshTransport } from "../ssh-transport.ts";

/** A stream whose far end is a transport: what it writes the transport receives, and back. */
export class TransportStream extends Duplex {
  transport: SshTransport | undefined = undefined;
  /** How many bytes of what the peer writes reach the transport at once; default all. */
  pieceBytes = Infinity;

  /** What the transport writes. */
  deliver(bytes: Buffer): void {
    this.push(bytes);
  }

  override _read(): void {
    // Everything is pushed as it comes.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (let at = 0; at < chunk.length; at += this.pieceBytes) {
      this.transport?.receive(chunk.subarray(at, Math.min(chunk.length, at + this.pieceBytes)));
    }
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }
}

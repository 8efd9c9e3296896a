/**
 * How one connection uses the read buffer that all connections share. Node reads into it, calls,
 * and reads for the next connection only after the call, so one buffer is enough for any number.
 */
import type { OnReadOpts } from "node:net";
import type { TcpSocket } from "./tcp-socket.ts";

export class SharedReader implements OnReadOpts {
  readonly buffer: Buffer;
  readonly callback: (byteCount: number, buffer: Uint8Array) => boolean;
  /** Set before the stream may read. */
  socket: TcpSocket | undefined = undefined;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.callback = (byteCount) => {
      this.socket!.deliver(buffer.subarray(0, byteCount));
      return true;
    };
  }
}

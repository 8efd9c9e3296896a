/**
 * One connection of an attacker: bytes and packets as it likes, in clear or, after a key exchange
 * that it may spoil as well, encrypted. Nothing here keeps a rule that is not needed to go on.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "../until.ts";
import { Fields } from "./wire.ts";

const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const DISCONNECT = 1;

/** aes256-gcm@openssh.com (RFC 5647), one direction. */
export interface PacketKeys {
  readonly key: Buffer;
  /** Counts up by one for each packet. */
  readonly nonce: Buffer;
}

export class RawConnection implements AsyncDisposable {
  readonly socket: Socket;
  /** The server's first line, without its end. */
  ident = "";
  /** Payloads that have arrived and were not taken. */
  readonly received: Buffer[] = [];
  /** What the server said when it ended the connection; undefined when it said nothing. */
  disconnect: { readonly reason: number; readonly text: string } | undefined = undefined;
  isClosed = false;
  keysOut: PacketKeys | undefined = undefined;
  private keysIn: PacketKeys | undefined = undefined;
  private buffer: Buffer = Buffer.alloc(0);
  private readonly localPort: number;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.localPort = socket.localPort!;
    socket.on("data", (bytes: Buffer) => this.take(bytes));
    socket.on("error", () => undefined);
    socket.once("close", () => (this.isClosed = true));
    // A server may end its side first and wait for ours.
    socket.once("end", () => (this.isClosed = true));
  }

  static async open(host: string, port: number): Promise<RawConnection> {
    const socket = connect({ host, port, allowHalfOpen: true });
    await once(socket, "connect");
    socket.setNoDelay(true);
    return new RawConnection(socket);
  }

  /** As the server sees it: `127.0.0.1:PORT`. */
  get address(): string {
    return `127.0.0.1:${this.localPort}`;
  }

  /** Bytes that the socket has not taken: what the server does not read. */
  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: string | Uint8Array): void {
    if (!this.isClosed) this.socket.write(bytes);
  }

  /** One packet around a payload, right in every way. */
  send(payload: Uint8Array): void {
    this.write(this.packetOf(payload));
  }

  packetOf(payload: Uint8Array): Buffer {
    const lengthBytes = this.keysOut === undefined ? 4 : 0;
    let padding = BLOCK_BYTES - ((lengthBytes + 1 + payload.length) % BLOCK_BYTES);
    if (padding < 4) padding += BLOCK_BYTES;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(1 + payload.length + padding);
    head[4] = padding;
    return this.seal(Buffer.concat([head, payload, Buffer.alloc(padding)]));
  }

  /** A packet that is laid out by the caller: length, padding length, payload, padding. */
  seal(packet: Buffer): Buffer {
    const keys = this.keysOut;
    if (keys === undefined) return packet;
    const cipher = createCipheriv("aes-256-gcm", keys.key, nextNonce(keys));
    const length = packet.subarray(0, 4);
    cipher.setAAD(length);
    const sealed = [cipher.update(packet.subarray(4)), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat([length, ...sealed]);
  }

  /** From here on, what arrives is encrypted with these. */
  readWith(keys: PacketKeys): void {
    this.keysIn = keys;
    this.take(Buffer.alloc(0));
  }

  /** The next payload with one of these numbers; others before it are dropped. */
  async next(numbers: readonly number[], withinMs = 10_000): Promise<Buffer> {
    let found: Buffer | undefined;
    const isThere = (): boolean => {
      while (found === undefined && this.received.length > 0) {
        const payload = this.received.shift()!;
        if (numbers.includes(payload[0]!)) found = payload;
      }
      return found !== undefined || this.isClosed;
    };
    await until(`message ${numbers.join(" or ")}`, isThere, { withinMs });
    if (found === undefined) {
      throw new Error(`closed before message ${numbers.join()}: ${this.disconnect?.text ?? ""}`);
    }
    return found;
  }

  /** Resolves when the server has closed it; rejects when it has not by then. */
  async closed(withinMs: number): Promise<void> {
    await until("end of the connection", () => this.isClosed, {
      withinMs,
      instead: () => `received ${this.received.map(([number]) => number).join()}`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { socket } = this;
    const over = socket.closed ? undefined : once(socket, "close");
    socket.destroy();
    await over;
  }

  private take(bytes: Buffer): void {
    this.buffer = this.buffer.length === 0 ? bytes : Buffer.concat([this.buffer, bytes]);
    if (this.ident === "" && !this.takeIdent()) return;
    for (;;) {
      const payload = this.keysIn === undefined ? this.takeClear() : this.takeSealed(this.keysIn);
      if (payload === undefined) return;
      if (payload[0] === DISCONNECT) {
        const fields = new Fields(payload);
        this.disconnect = { reason: fields.uint32(), text: fields.string().toString() };
      }
      this.received.push(payload);
      // Keys change behind this one; whoever has them says so with `readWith`.
      if (payload[0] === 21) return;
    }
  }

  private takeIdent(): boolean {
    const end = this.buffer.indexOf("\n");
    if (end < 0) return false;
    this.ident = this.buffer.subarray(0, end).toString("latin1").trimEnd();
    this.buffer = this.buffer.subarray(end + 1);
    return true;
  }

  private takeClear(): Buffer | undefined {
    const { buffer } = this;
    if (buffer.length < 5 || buffer.length < 4 + buffer.readUInt32BE(0)) return undefined;
    const length = buffer.readUInt32BE(0);
    this.buffer = buffer.subarray(4 + length);
    return buffer.subarray(5, 4 + length - buffer[4]!);
  }

  private takeSealed(keys: PacketKeys): Buffer | undefined {
    const { buffer } = this;
    if (buffer.length < 4) return undefined;
    const length = buffer.readUInt32BE(0);
    if (buffer.length < 4 + length + TAG_BYTES) return undefined;
    this.buffer = buffer.subarray(4 + length + TAG_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", keys.key, nextNonce(keys));
    decipher.setAAD(buffer.subarray(0, 4));
    decipher.setAuthTag(buffer.subarray(4 + length, 4 + length + TAG_BYTES));
    const packet = Buffer.concat([
      decipher.update(buffer.subarray(4, 4 + length)),
      decipher.final(),
    ]);
    return packet.subarray(1, length - packet[0]!);
  }
}

/** The nonce for this packet; the keys' own is counted up for the next. */
function nextNonce({ nonce }: PacketKeys): Buffer {
  const now = Buffer.from(nonce);
  nonce.writeBigUInt64BE(BigInt.asUintN(64, nonce.readBigUInt64BE(4) + 1n), 4);
  return now;
}

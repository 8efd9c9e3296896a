/** A client made of bytes: sends what it is told to and takes apart what comes, in any form. */
import type { Address, ServiceError, Socket, SocketHandler } from "@holdfast/core";
import { ApplicationExceptionCodec, type Codec, MESSAGE } from "@holdfast/thrift";
import type { TestPlace } from "./test-place.ts";
import {
  encodeFrame,
  type MessageSeen,
  type MessageToSend,
  splitMessages,
  structOf,
  type StructWriter,
  type WireForm,
} from "./wire-form.ts";

const CONNECT = { timeoutMs: 5_000 };

export class RawPeer implements SocketHandler {
  readonly form: WireForm;
  /** Every whole message that came, in order. */
  readonly messages: MessageSeen[] = [];
  /** Bytes that came, in all. */
  receivedBytes = 0;
  ended = false;
  closed = false;
  /** Does not close its side when the server has closed its own. */
  keepsOpen = false;
  readonly place: TestPlace;
  private readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);

  private constructor(place: TestPlace, socket: Socket, form: WireForm) {
    this.place = place;
    this.socket = socket;
    this.form = form;
    socket.start(this);
  }

  static async connect(place: TestPlace, address: Address, form: WireForm): Promise<RawPeer> {
    const { network } = place.runtime("peer");
    const socket = await place.finish(network.connect(address, CONNECT));
    return new RawPeer(place, socket, form);
  }

  send(...messages: readonly MessageToSend[]): void {
    this.sendBytes(Buffer.concat(messages.map((message) => encodeFrame(this.form, message))));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Waits for the reply with the sequence id. */
  async reply(sequenceId: number): Promise<MessageSeen> {
    const find = (): MessageSeen | undefined =>
      this.messages.find((seen) => seen.type !== 0 && seen.sequenceId === sequenceId);
    await this.place.until(() => find() !== undefined || this.ended || this.closed);
    const found = find();
    if (found === undefined) throw new Error(`no reply ${sequenceId} before the end`);
    return found;
  }

  /** Waits until nothing more will come. */
  async untilClosed(): Promise<void> {
    await this.place.until(() => this.ended || this.closed);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length;
    const { messages, rest } = splitMessages(this.form, Buffer.concat([this.rest, bytes]));
    this.messages.push(...messages);
    this.rest = Buffer.from(rest);
  }

  onEnd(): void {
    this.ended = true;
    if (!this.keepsOpen) this.socket.end();
  }

  onDrain(): void {}

  onClose(): void {
    this.closed = true;
  }
}

/** The arguments of the probe's held methods. */
export function keyArguments(key: string): StructWriter {
  return structOf((output) => {
    output.writeField(0x0b_0001);
    output.writeString(key);
  });
}

/** The arguments of the probe's `bytes`. */
export function countArguments(count: number, ballast = 0): StructWriter {
  return structOf((output) => {
    output.writeField(0x08_0001);
    output.writeI32(count);
    output.writeField(0x0b_0002);
    output.writeBinary(Buffer.alloc(ballast, 0x62));
  });
}

/** What a reply holds: the only field of its struct; undefined when it has none. */
export function resultOf<Value>(
  message: MessageSeen,
  codec: Codec<Value>,
  id = 0,
): Value | undefined {
  if (message.type !== MESSAGE.reply) throw new Error(`message type ${message.type} is no reply`);
  const { reader } = message;
  reader.enterStruct();
  const key = reader.readField();
  if (key === 0) return undefined;
  if ((key & 0xffff) !== id) throw new Error(`the reply has field ${key & 0xffff}, not ${id}`);
  return reader.protocol === "binary" ? codec.readBinary(reader) : codec.readCompact(reader);
}

/** The exception of the machinery that the reply holds. */
export function failureOf(message: MessageSeen): ServiceError {
  if (message.type !== MESSAGE.exception) {
    throw new Error(`message type ${message.type} is no exception`);
  }
  const { reader } = message;
  return reader.protocol === "binary"
    ? ApplicationExceptionCodec.readBinary(reader)
    : ApplicationExceptionCodec.readCompact(reader);
}

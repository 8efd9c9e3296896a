/** A peer that knows the transport and no manners: above it, it says what a test tells it. */
import type { Socket } from "holdfast";
import { MESSAGE } from "../../message-numbers.ts";
import { MessageReader } from "../../message-reader.ts";
import { MessageWriter } from "../../message-writer.ts";
import { createSshTransport } from "../../transport/own-transport.ts";
import type { SshTransport, TransportRole } from "../../transport/ssh-transport.ts";

export class RawPeer {
  readonly transport: SshTransport;
  /** What came from the layers above the transport, in order. */
  readonly messages: Buffer[] = [];
  /** What the other side said last. */
  disconnected: { readonly reason: number; readonly text: string } | undefined = undefined;
  error: Error | undefined = undefined;
  /** The socket is closed. */
  closed = false;
  readonly keyed: Promise<void>;
  private readonly socket: Socket;

  constructor(socket: Socket, role: TransportRole) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.keyed = promise;
    this.socket = socket;
    this.transport = createSshTransport({
      ...{ role, ident: "RawPeer", algorithms: { kex: ["curve25519-sha256"] } },
      write: (bytes) => void socket.write(bytes),
      handler: {
        onIdent: () => undefined,
        onKeys: () => resolve(),
        onMessage: (payload) => void this.messages.push(Buffer.from(payload)),
        onDisconnect: (reason, text) => (this.disconnected = { reason, text }),
        onError: (error) => (this.error = error),
      },
    });
    socket.start({
      onBytes: (bytes) => this.transport.receive(bytes),
      onEnd: () => socket.destroy(),
      onDrain: () => undefined,
      onClose: () => (this.closed = true),
    });
  }

  /** A message of this number, and what a test writes behind it. */
  say(number: number, write: (to: MessageWriter) => MessageWriter = (to) => to): this {
    return this.sayBytes(write(new MessageWriter(number)).finish());
  }

  sayBytes(payload: Uint8Array): this {
    this.transport.send(payload);
    return this;
  }

  /** Any message, the transport's own as well. */
  force(payload: Buffer): void {
    (this.transport as unknown as { sendNow(payload: Buffer): void }).sendNow(payload);
  }

  open(id: number, window = 100_000, packet = 32_768, type = "session"): this {
    return this.say(MESSAGE.channelOpen, (to) =>
      to.string(type).uint32(id).uint32(window).uint32(packet),
    );
  }

  /** A message of a channel, by the other side's number of it. */
  sayOn(number: number, channel: number, write?: (to: MessageWriter) => MessageWriter): this {
    return this.say(number, (to) => (write ?? ((same) => same))(to.uint32(channel)));
  }

  data(channel: number, bytes: Uint8Array | string): this {
    return this.sayOn(MESSAGE.channelData, channel, (to) => to.string(bytes));
  }

  request(channel: number, name: string, wanted: boolean, payload: Uint8Array = EMPTY): this {
    return this.sayOn(MESSAGE.channelRequest, channel, (to) =>
      to.string(name).boolean(wanted).raw(payload),
    );
  }

  /** The numbers of what came. */
  numbers(): number[] {
    return this.messages.map((payload) => payload[0]!);
  }

  /** Behind the number. */
  readers(number: number): MessageReader[] {
    const found = this.messages.filter((payload) => payload[0] === number);
    return found.map((payload) => new MessageReader(payload));
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

const EMPTY = new Uint8Array(0);

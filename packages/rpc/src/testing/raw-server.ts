/** A server made of bytes: shows what a client sends, and answers whatever the test says. */
import type { Address, Listener, Socket, SocketHandler } from "@holdfast/core";
import { MESSAGE } from "@holdfast/thrift";
import type { TestPlace } from "./test-place.ts";
import {
  encodeFrame,
  type MessageSeen,
  type MessageToSend,
  splitMessages,
  structOf,
  type WireForm,
} from "./wire-form.ts";

export class RawServer {
  readonly place: TestPlace;
  readonly form: WireForm;
  /** In the order in which they came; closed ones stay. */
  readonly connections: RawServerConnection[] = [];
  /** What is done with each call at once; default nothing. */
  onCall: (connection: RawServerConnection, call: MessageSeen) => void = () => undefined;
  private listener: Listener | undefined;

  constructor(place: TestPlace, form: WireForm) {
    this.place = place;
    this.form = form;
  }

  async listen(): Promise<Address> {
    const { network } = this.place.runtime("server");
    const onSocket = (socket: Socket): void => {
      this.connections.push(new RawServerConnection(this, socket));
    };
    const listening = network.listen(this.place.listenAddress("server"), onSocket);
    this.listener = await this.place.finish(listening);
    return this.listener.address;
  }

  /** Every call that came, over whichever connection. */
  get calls(): MessageSeen[] {
    return this.connections.flatMap(({ calls }) => calls);
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    if (this.listener !== undefined) await this.place.finish(this.listener.close());
  }
}

export class RawServerConnection implements SocketHandler {
  /** Calls, oneway calls too. */
  readonly calls: MessageSeen[] = [];
  /** Frames that carry no message, such as a cancel. */
  readonly signals: MessageSeen[] = [];
  ended = false;
  closed = false;
  private readonly server: RawServer;
  private readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);

  constructor(server: RawServer, socket: Socket) {
    this.server = server;
    this.socket = socket;
    socket.start(this);
  }

  /** Answers with a struct of one string field: what the probe's `hold` returns. */
  answer(call: MessageSeen, text: string, changes: Partial<MessageToSend> = {}): void {
    this.send({
      type: MESSAGE.reply,
      name: call.name,
      sequenceId: call.sequenceId,
      body: structOf((output) => {
        output.writeField(0x0b_0000);
        output.writeString(text);
      }),
      ...changes,
    });
  }

  send(...messages: readonly MessageToSend[]): void {
    this.sendBytes(Buffer.concat(messages.map((each) => encodeFrame(this.server.form, each))));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
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
    const all = Buffer.concat([this.rest, bytes]);
    const { messages, rest } = splitMessages(this.server.form, all);
    this.rest = Buffer.from(rest);
    for (const seen of messages) {
      if (seen.type === 0) this.signals.push(seen);
      else {
        this.calls.push(seen);
        this.server.onCall(this, seen);
      }
    }
  }

  onEnd(): void {
    this.ended = true;
  }

  onDrain(): void {}

  onClose(): void {
    this.closed = true;
  }
}

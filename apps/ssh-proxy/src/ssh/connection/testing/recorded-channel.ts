/** A user of a channel that writes down what it is told. */
import type { SshError } from "../../ssh-error.ts";
import type { ChannelHandler, SshChannel } from "../ssh-channel.ts";

export class RecordedChannel implements ChannelHandler {
  channel: SshChannel | undefined;
  /** Such as `data 5`, `stderr 1`, `eof`, `request exec`, `close`, `close: why`. */
  readonly events: string[] = [];
  /** How requests are answered; default: all are granted. */
  answer: (name: string, payload: Buffer) => boolean | Promise<boolean> = () => true;
  sendableCount = 0;
  private readonly pieces: Buffer[] = [];

  constructor(channel?: SshChannel) {
    this.channel = channel;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  get closed(): boolean {
    return this.events.some((event) => event.startsWith("close"));
  }

  onData(bytes: Buffer): void {
    this.note(`data ${bytes.length}`);
    this.pieces.push(Buffer.from(bytes));
  }

  onStderr(bytes: Buffer): void {
    this.note(`stderr ${bytes.length}`);
  }

  onEof(): void {
    this.note("eof");
  }

  onSendable(): void {
    this.sendableCount++;
  }

  onRequest(name: string, payload: Buffer): boolean | Promise<boolean> {
    this.note(`request ${name}`);
    return this.answer(name, payload);
  }

  onClose(error: SshError | undefined): void {
    this.note(error === undefined ? "close" : `close: ${error.message}`);
  }

  private note(event: string): void {
    if (this.closed) throw new Error(`${event} after the last call`);
    this.events.push(event);
  }
}

/** Messages of the layers above that wait while keys are exchanged, in order and bounded. */
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { PENDING_MESSAGE_BYTES } from "./limits.ts";

export class PendingMessages {
  private readonly bytesMax: number;
  private messages: Buffer[] = [];
  private bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Copies the message, which is in two pieces. Throws an `SshError` when too much waits. */
  add(head: Uint8Array, body: Uint8Array): void {
    const bytes = head.length + body.length;
    this.bytes += bytes + PENDING_MESSAGE_BYTES;
    if (this.bytes > this.bytesMax) {
      throw new SshError(
        DISCONNECT.keyExchangeFailed,
        `more than ${this.bytesMax} bytes wait for a key exchange that does not end`,
      );
    }
    const message = Buffer.allocUnsafe(bytes);
    message.set(head);
    message.set(body, head.length);
    this.messages.push(message);
  }

  /** What waits, which is then forgotten here. */
  take(): readonly Buffer[] {
    const { messages } = this;
    this.messages = [];
    this.bytes = 0;
    return messages;
  }
}

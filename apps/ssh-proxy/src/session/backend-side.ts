/** The backend's side of a session: its channel, what comes from it, and giving it back. */
import { after, type Clock } from "holdfast";
import type { Borrowed } from "../backend/backend-connections.ts";
import type { ChannelHandler, SshChannel } from "../ssh/connection/ssh-channel.ts";
import { MessageReader } from "../ssh/message-reader.ts";
import type { SshError } from "../ssh/ssh-error.ts";
import { Flow, type FlowEnd, type FlowMeter, GRANT_MAX_BYTES, HOLD_MAX_BYTES } from "./flow.ts";

export interface BackendSideInput {
  readonly clock: Clock;
  readonly borrowed: Borrowed;
  readonly front: FlowEnd;
  readonly meter: FlowMeter;
  /** How long it may take to close its channel, in ms, before the connection is closed. */
  readonly closeMs: number;
  readonly onPayload: () => void;
  readonly onSendable: () => void;
  readonly onClose: (error: SshError | undefined) => void;
}

/** How the command ended, as the backend said it. */
export interface BackendExit {
  readonly name: "exit-status" | "exit-signal";
  readonly payload: Buffer;
  readonly ended: { readonly status?: number; readonly signal?: string };
}

const SIGNAL_MAX_BYTES = 64;

export class BackendSide implements ChannelHandler {
  exit: BackendExit | undefined = undefined;
  closed = false;
  private readonly input: BackendSideInput;
  private opened: SshChannel | undefined = undefined;
  private flow: Flow | undefined = undefined;
  private left = false;
  /** Its connection has ended below it. */
  private lost = false;
  private stopWaiting: () => void = () => undefined;

  constructor(input: BackendSideInput) {
    this.input = input;
  }

  get channel(): SshChannel {
    return this.opened!;
  }

  /** From the backend to the client. */
  get down(): Flow {
    return this.flow!;
  }

  get end(): FlowEnd {
    return { channel: this.channel, connection: this.input.borrowed.connection.ssh };
  }

  /** False when the backend opens no session; then it has been given back. */
  async open(): Promise<boolean> {
    const { borrowed, front } = this.input;
    const room = front.channel.windowBytes + HOLD_MAX_BYTES;
    try {
      const grant = Math.min(GRANT_MAX_BYTES, room);
      this.opened = await borrowed.connection.ssh.openSession(this, grant);
    } catch {
      borrowed.release(false);
      return false;
    }
    if (this.closed) {
      borrowed.release(false);
      return false;
    }
    this.flow = new Flow(this.end, this.input.meter);
    this.flow.attach(front);
    return true;
  }

  /** The session is over: the channel is closed, and the connection given back when it is. */
  leave(): void {
    if (this.left) return;
    this.left = true;
    if (this.closed) return this.input.borrowed.release(!this.lost);
    this.channel.close();
    const { clock, borrowed, closeMs } = this.input;
    // A command that ignores its end would keep the connection; closing that ends it, too.
    this.stopWaiting = after(clock, closeMs, () => borrowed.release(false));
  }

  /** The client is gone, and how the command ends is still of interest: for a while. */
  closeSoon(): void {
    this.channel.close();
    const { clock, borrowed, closeMs } = this.input;
    this.stopWaiting = after(clock, closeMs, () => borrowed.connection.ssh.destroy());
  }

  onData(bytes: Buffer): void {
    this.input.onPayload();
    this.flow?.onData(bytes, false);
  }

  onStderr(bytes: Buffer): void {
    this.input.onPayload();
    this.flow?.onData(bytes, true);
  }

  onEof(): void {
    this.flow?.finish(() => this.input.front.channel.eof());
  }

  onSendable(): void {
    this.input.onSendable();
  }

  onRequest(name: string, payload: Buffer): boolean {
    if (name === "exit-status") {
      const status = new MessageReader(payload, 0).uint32();
      this.exit = { name, payload: Buffer.from(payload), ended: { status } };
    } else if (name === "exit-signal") {
      const signal = new MessageReader(payload, 0).text(SIGNAL_MAX_BYTES);
      this.exit = { name, payload: Buffer.from(payload), ended: { signal } };
    } else if (name === "eow@openssh.com") {
      // The command has closed its stdin: a client that knows what this is stops sending.
      this.input.front.channel.request(name);
    } else {
      return false;
    }
    return true;
  }

  onClose(error: SshError | undefined): void {
    this.closed = true;
    this.lost = error !== undefined;
    this.stopWaiting();
    if (this.left) {
      this.input.borrowed.release(!this.lost);
    } else if (this.flow !== undefined) {
      this.input.onClose(error);
    }
  }
}

/** One open channel: its two windows, the order of its answers, and how it ends. */
import { MESSAGE } from "../message-numbers.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import type { PacketLink } from "./packet-link.ts";
import type { ChannelHandler, SshChannel } from "./ssh-channel.ts";

/** The longest data in one packet: what every implementation takes (RFC 4253, 6.1). */
export const PACKET_DATA_MAX_BYTES = 32_768;
/**
 * The longest data that is sent in one go, however large a window is: what a socket that takes
 * nothing makes wait is bounded by this, not by what a peer grants.
 */
const SEND_MAX_BYTES = 4 * PACKET_DATA_MAX_BYTES;
/** A peer that sends more than it may by this part is no longer just imprecise (as OpenSSH). */
const OVERRUN_GRACE_RATIO = 0.1;
/** However large the window was: what is sent too much must be buffered, too. */
const OVERRUN_GRACE_MAX_BYTES = PACKET_DATA_MAX_BYTES;
/** Windows may not grow above this (RFC 4254, 5.2). */
const WINDOW_MAX_BYTES = 0xffff_ffff;
const STDERR_TYPE = 1;

export interface ChannelInput {
  readonly link: PacketLink;
  readonly id: number;
  /** Requests that may wait for their answers. */
  readonly requestsPendingMax: number;
  /** Called once, when both sides have closed it. */
  readonly onGone: (channel: Channel) => void;
  readonly onBytes: (direction: "in" | "out", bytes: number) => void;
}

export class Channel implements SshChannel {
  readonly id: number;
  handler: ChannelHandler | undefined = undefined;
  grantedBytes = 0;
  windowBytes = 0;
  private readonly input: ChannelInput;
  private readonly link: PacketLink;
  private peerId = 0;
  private packetMaxBytes = PACKET_DATA_MAX_BYTES;
  private grantedMaxBytes = 0;
  private dataHead: Buffer = EMPTY;
  private stderrHead: Buffer = EMPTY;
  private open = false;
  private eofSent = false;
  private eofReceived = false;
  private closeSent = false;
  private closeReceived = false;
  private gone = false;
  /** Who waits for CHANNEL_SUCCESS or FAILURE, in the order of the requests. */
  private readonly asked: ((granted: boolean) => void)[] = [];
  /** Answers we owe, in the order of the requests; the first may still be found out. */
  private readonly owed: { answer: boolean | undefined; wanted: boolean }[] = [];

  constructor(input: ChannelInput) {
    this.input = input;
    this.link = input.link;
    this.id = input.id;
  }

  /** Both sides know each other's number from here on. */
  opened(peerId: number, windowBytes: number, packetMaxBytes: number): void {
    this.peerId = peerId;
    this.windowBytes = windowBytes;
    this.packetMaxBytes = Math.min(packetMaxBytes, PACKET_DATA_MAX_BYTES);
    this.open = true;
    this.dataHead = Buffer.alloc(9);
    this.dataHead[0] = MESSAGE.channelData;
    this.dataHead.writeUInt32BE(peerId, 1);
    this.stderrHead = Buffer.alloc(13);
    this.stderrHead[0] = MESSAGE.channelExtendedData;
    this.stderrHead.writeUInt32BE(peerId, 1);
    this.stderrHead.writeUInt32BE(STDERR_TYPE, 5);
  }

  /** The first window that the peer is told of when the channel is opened. */
  granted(bytes: number): void {
    this.grantedBytes = bytes;
    this.grantedMaxBytes = bytes;
  }

  get sendableBytes(): number {
    if (!this.mayTalk || this.eofSent || !this.link.takesBytes) return 0;
    return Math.min(this.windowBytes, SEND_MAX_BYTES);
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Nothing more may come from the peer. */
  get isClosedByPeer(): boolean {
    return this.closeReceived;
  }

  send(bytes: Uint8Array): void {
    this.sendPieces(this.dataHead, 5, bytes);
  }

  sendStderr(bytes: Uint8Array): void {
    this.sendPieces(this.stderrHead, 9, bytes);
  }

  grant(bytes: number): void {
    if (!this.mayTalk || bytes <= 0) return;
    this.grantedBytes += bytes;
    this.grantedMaxBytes = Math.max(this.grantedMaxBytes, this.grantedBytes);
    this.tell(MESSAGE.channelWindowAdjust, (writer) => writer.uint32(bytes));
  }

  eof(): void {
    if (!this.mayTalk || this.eofSent) return;
    this.eofSent = true;
    this.tell(MESSAGE.channelEof);
  }

  request(name: string, payload: Uint8Array = EMPTY): void {
    if (!this.mayTalk) return;
    this.tell(MESSAGE.channelRequest, (to) => to.string(name).boolean(false).raw(payload));
  }

  ask(name: string, payload: Uint8Array = EMPTY): Promise<boolean> {
    if (!this.mayTalk) return Promise.resolve(false);
    this.tell(MESSAGE.channelRequest, (to) => to.string(name).boolean(true).raw(payload));
    return new Promise((resolve) => this.asked.push(resolve));
  }

  exitStatus(status: number): void {
    this.request("exit-status", new MessageWriter().uint32(status >>> 0).finish());
  }

  exitSignal(name: string, coreDumped: boolean, message: string): void {
    const payload = new MessageWriter().string(name).boolean(coreDumped).string(message).string("");
    this.request("exit-signal", payload.finish());
  }

  close(): void {
    if (!this.mayTalk) return;
    this.closeSent = true;
    this.tell(MESSAGE.channelClose);
    if (this.closeReceived) this.leave(undefined);
  }

  onData(bytes: Buffer, stderr: boolean): void {
    if (bytes.length > PACKET_DATA_MAX_BYTES) {
      throw new SshError(DISCONNECT.protocolError, `${bytes.length} bytes of data in one packet`);
    }
    this.grantedBytes -= bytes.length;
    const grace = Math.min(OVERRUN_GRACE_RATIO * this.grantedMaxBytes, OVERRUN_GRACE_MAX_BYTES);
    if (this.grantedBytes < -grace) {
      throw new SshError(DISCONNECT.protocolError, "data past the window that was granted");
    }
    this.input.onBytes("in", bytes.length);
    this.link.pace.onReceived(bytes.length);
    // Nothing is no data: it would cost, and count as a sign of life, without using a window up.
    if (this.closeSent || this.eofReceived || bytes.length === 0) return;
    if (stderr) this.handler?.onStderr(bytes);
    else this.handler?.onData(bytes);
  }

  onAdjust(bytes: number): void {
    if (this.windowBytes + bytes > WINDOW_MAX_BYTES) {
      throw new SshError(DISCONNECT.protocolError, "a window above 4 GiB");
    }
    this.windowBytes += bytes;
    this.onSendable();
  }

  onSendable(): void {
    if (this.mayTalk && !this.gone) this.handler?.onSendable();
  }

  /** What comes after it is thrown away: it was said that nothing would. */
  onEof(): void {
    if (this.eofReceived) return;
    this.eofReceived = true;
    if (!this.closeSent) this.handler?.onEof();
  }

  onRequest(name: string, wanted: boolean, payload: Buffer): void {
    // How a command ended may come after we have closed our side; nothing is answered then.
    if (this.owed.length >= this.input.requestsPendingMax) {
      throw new SshError(DISCONNECT.protocolError, "too many channel requests without an answer");
    }
    const answer = this.handler?.onRequest(name, payload) ?? false;
    if (typeof answer === "boolean" && this.owed.length === 0) {
      if (wanted) this.answer(answer);
      return;
    }
    const owed = { answer: typeof answer === "boolean" ? answer : undefined, wanted };
    this.owed.push(owed);
    if (typeof answer === "boolean") return;
    void answer
      .catch(() => false)
      .then((granted) => {
        owed.answer = granted;
        this.payOwed();
      });
  }

  onAnswer(granted: boolean): void {
    const waiting = this.asked.shift();
    if (waiting === undefined) {
      throw new SshError(DISCONNECT.protocolError, "an answer to a request that was never made");
    }
    waiting(granted);
  }

  onClose(): void {
    if (this.closeReceived) {
      throw new SshError(DISCONNECT.protocolError, "a channel that was closed twice");
    }
    this.closeReceived = true;
    if (!this.closeSent && this.handler?.onPeerClose?.() === true) return;
    if (!this.closeSent) {
      this.closeSent = true;
      this.tell(MESSAGE.channelClose);
    }
    this.leave(undefined);
  }

  /** The channel is over, by the peer's word or because the connection is. */
  leave(error: SshError | undefined): void {
    if (this.gone) return;
    this.gone = true;
    this.closeSent = true;
    for (const waiting of this.asked.splice(0)) waiting(false);
    this.input.onGone(this);
    this.handler?.onClose(error);
  }

  private get mayTalk(): boolean {
    return this.open && !this.closeSent;
  }

  private sendPieces(head: Buffer, lengthAt: number, bytes: Uint8Array): void {
    if (!this.mayTalk || this.eofSent) return;
    this.windowBytes -= bytes.length;
    this.input.onBytes("out", bytes.length);
    this.link.pace.onSent(bytes.length, this.windowBytes);
    for (let at = 0; at < bytes.length; at += this.packetMaxBytes) {
      const piece = bytes.subarray(at, at + this.packetMaxBytes);
      this.link.sendData(head, lengthAt, piece, this.packetMaxBytes);
    }
  }

  private payOwed(): void {
    while (this.owed.length > 0 && this.owed[0]!.answer !== undefined) {
      const { answer, wanted } = this.owed.shift()!;
      if (wanted) this.answer(answer!);
    }
  }

  private answer(granted: boolean): void {
    if (this.mayTalk) this.tell(granted ? MESSAGE.channelSuccess : MESSAGE.channelFailure);
  }

  private tell(number: number, write?: (writer: MessageWriter) => void): void {
    const writer = new MessageWriter(number).uint32(this.peerId);
    write?.(writer);
    this.link.send(writer.finish());
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * The channels of one connection (RFC 4254): numbers, limits, and which message belongs to which.
 */
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { escapeText } from "../transport/escape-text.ts";
import { Channel, PACKET_DATA_MAX_BYTES } from "./channel.ts";
import type { SshConnectionOptions } from "./connection-options.ts";
import type { PacketLink } from "./packet-link.ts";
import { type ChannelHandler, RefusedSession, type SshChannel } from "./ssh-channel.ts";

/** Why a channel is refused (RFC 4254, 5.1). */
const OPEN_REFUSED = { prohibited: 1, connectFailed: 2, unknownType: 3, shortage: 4 } as const;

const TEXT_MAX_BYTES = 255;
/**
 * Every implementation takes packets of 32 KiB (RFC 4253, 6.1). For a peer that asks for tiny ones
 * each byte would cost a packet, its encryption and its padding.
 */
const PEER_PACKET_MIN_BYTES = 1_024;

/** Decides about a session that the peer wants to open; a client takes none. */
export type OnSession = (channel: SshChannel) => ChannelHandler | RefusedSession;

export class ChannelTable {
  bytesIn = 0;
  bytesOut = 0;
  private readonly link: PacketLink;
  private readonly options: SshConnectionOptions;
  private readonly onSession: OnSession | undefined;
  private readonly channels = new Map<number, Channel>();
  private readonly opening = new Map<number, PendingOpen>();
  private nextId = 0;
  /** Why there are no channels any more. */
  private ended: SshError | undefined = undefined;

  constructor(link: PacketLink, options: SshConnectionOptions, onSession?: OnSession) {
    this.link = link;
    this.options = options;
    this.onSession = onSession;
  }

  get count(): number {
    return this.channels.size;
  }

  /** Handles a message from 90 to 100; throws an SshError for what the protocol forbids. */
  onMessage(payload: Buffer): void {
    const number = payload[0]!;
    if (number === MESSAGE.channelOpen) return this.onOpen(new MessageReader(payload));
    const reader = new MessageReader(payload);
    const id = reader.uint32();
    if (number === MESSAGE.channelOpenConfirmation) return this.onConfirmed(id, reader);
    if (number === MESSAGE.channelOpenFailure) return this.onRefused(id, reader);
    const channel = this.channels.get(id);
    if (channel === undefined || !channel.isOpen) {
      // One that has ended: some say late that they have read what came before.
      const ended = channel === undefined && id < this.nextId;
      if (ended && number === MESSAGE.channelWindowAdjust) return;
      throw new SshError(DISCONNECT.protocolError, `message ${number} on no channel (${id})`);
    }
    if (channel.isClosedByPeer) {
      if (number === MESSAGE.channelWindowAdjust) return;
      throw new SshError(DISCONNECT.protocolError, `message ${number} behind the close of ${id}`);
    }
    onChannelMessage(channel, number, reader);
  }

  onSendable(): void {
    for (const channel of this.channels.values()) channel.onSendable();
  }

  /** The connection is over: every channel is, too. */
  end(error: SshError): void {
    this.ended ??= error;
    for (const pending of [...this.opening.values()]) pending.reject(error);
    this.opening.clear();
    for (const channel of [...this.channels.values()]) channel.leave(error);
  }

  /** Opens a session; rejects with an SshError when the peer does not let us. */
  open(handler: ChannelHandler, initialGrantBytes: number): Promise<SshChannel> {
    // Nobody would ever answer.
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const channel = this.makeChannel();
    channel.handler = handler;
    channel.granted(initialGrantBytes);
    this.link.transport.send(
      new MessageWriter(MESSAGE.channelOpen)
        .string("session")
        .uint32(channel.id)
        .uint32(initialGrantBytes)
        .uint32(PACKET_DATA_MAX_BYTES)
        .finish(),
    );
    return new Promise((resolve, reject) => {
      this.opening.set(channel.id, { resolve: () => resolve(channel), reject });
    });
  }

  private onOpen(reader: MessageReader): void {
    const type = reader.text(TEXT_MAX_BYTES);
    const peerId = reader.uint32();
    const windowBytes = reader.uint32();
    const packetMaxBytes = reader.uint32();
    const refuse = (reason: number, text: string): void => this.refuse(peerId, reason, text);
    if (this.onSession === undefined) {
      return refuse(OPEN_REFUSED.prohibited, "a server may not open channels here");
    }
    if (type !== "session") {
      const known = /^(direct-tcpip|direct-streamlocal@openssh\.com|x11|tun@openssh\.com)$/;
      return known.test(type)
        ? refuse(OPEN_REFUSED.prohibited, "forwarding is not allowed here")
        : refuse(OPEN_REFUSED.unknownType, "only sessions can be opened here");
    }
    if (packetMaxBytes < PEER_PACKET_MIN_BYTES) {
      const text = `packets of ${packetMaxBytes} bytes; they must be ${PEER_PACKET_MIN_BYTES}`;
      return refuse(OPEN_REFUSED.connectFailed, text);
    }
    if (this.channels.size >= this.options.channelsMax) {
      const text = `no more than ${this.options.channelsMax} sessions on one connection`;
      return refuse(OPEN_REFUSED.shortage, text);
    }
    const channel = this.makeChannel();
    channel.opened(peerId, windowBytes, packetMaxBytes);
    channel.granted(this.options.initialGrantBytes);
    const handler = this.onSession(channel);
    if (handler instanceof RefusedSession) {
      this.channels.delete(channel.id);
      return refuse(OPEN_REFUSED.connectFailed, handler.text);
    }
    channel.handler = handler;
    this.link.transport.send(
      new MessageWriter(MESSAGE.channelOpenConfirmation)
        .uint32(peerId)
        .uint32(channel.id)
        .uint32(this.options.initialGrantBytes)
        .uint32(PACKET_DATA_MAX_BYTES)
        .finish(),
    );
  }

  private refuse(peerId: number, reason: number, text: string): void {
    this.link.transport.send(
      new MessageWriter(MESSAGE.channelOpenFailure)
        .uint32(peerId)
        .uint32(reason)
        .string(text)
        .string("")
        .finish(),
    );
  }

  /** It is read before anything is done: whoever waits hears of a bad one, too. */
  private onConfirmed(id: number, reader: MessageReader): void {
    const peerId = reader.uint32();
    const windowBytes = reader.uint32();
    const packetMaxBytes = reader.uint32();
    if (packetMaxBytes < PEER_PACKET_MIN_BYTES) {
      throw new SshError(DISCONNECT.protocolError, `packets of ${packetMaxBytes} bytes`);
    }
    const pending = this.takeOpening(id);
    this.channels.get(id)!.opened(peerId, windowBytes, packetMaxBytes);
    pending.resolve();
  }

  private onRefused(id: number, reader: MessageReader): void {
    const reason = reader.uint32();
    const text = escapeText(reader.text(), TEXT_MAX_BYTES);
    const pending = this.takeOpening(id);
    this.channels.delete(id);
    pending.reject(new SshError(reason, `the server refused a session: ${text}`));
  }

  private takeOpening(id: number): PendingOpen {
    const pending = this.opening.get(id);
    this.opening.delete(id);
    if (pending !== undefined) return pending;
    throw new SshError(DISCONNECT.protocolError, `an answer to a channel never opened (${id})`);
  }

  private makeChannel(): Channel {
    const channel = new Channel({
      link: this.link,
      id: this.nextId++,
      requestsPendingMax: this.options.channelRequestsPendingMax,
      onGone: ({ id }) => this.channels.delete(id),
      onBytes: (direction, bytes) => {
        if (direction === "in") this.bytesIn += bytes;
        else this.bytesOut += bytes;
      },
    });
    this.channels.set(channel.id, channel);
    return channel;
  }
}

interface PendingOpen {
  resolve(): void;
  reject(error: SshError): void;
}

function onChannelMessage(channel: Channel, number: number, reader: MessageReader): void {
  switch (number) {
    case MESSAGE.channelData:
      return channel.onData(reader.string(), false);
    case MESSAGE.channelExtendedData:
      // Only stderr has ever been given a type; anything else would be shown as such.
      if (reader.uint32() === 1) return channel.onData(reader.string(), true);
      throw new SshError(DISCONNECT.protocolError, "extended data that is not stderr");
    case MESSAGE.channelWindowAdjust:
      return channel.onAdjust(reader.uint32());
    case MESSAGE.channelEof:
      return channel.onEof();
    case MESSAGE.channelClose:
      return channel.onClose();
    case MESSAGE.channelSuccess:
      return channel.onAnswer(true);
    case MESSAGE.channelFailure:
      return channel.onAnswer(false);
    case MESSAGE.channelRequest: {
      const name = reader.text(TEXT_MAX_BYTES);
      const wanted = reader.boolean();
      return channel.onRequest(name, wanted, reader.rest());
    }
    default:
      throw new SshError(DISCONNECT.protocolError, `message ${number} is not of a channel`);
  }
}

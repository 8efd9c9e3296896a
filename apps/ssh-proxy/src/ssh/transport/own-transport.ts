/**
 * Our SSH transport: bytes in, messages out, and back. This file is the state machine: it decides
 * what may come and go when, and under which keys. Reading top to bottom: what the layers above
 * call, then the way of what comes in, then the key exchange.
 */
import { MESSAGE } from "../message-numbers.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { preferGcm, takesNewKeys, wouldChange } from "./cipher-change.ts";
import { readDisconnect, writeDisconnect } from "./disconnect-message.ts";
import { readExtInfo, writeExtInfo } from "./ext-info.ts";
import { IdentReader } from "./ident-reader.ts";
import { keysFor } from "./kex/exchange-hash.ts";
import { type AgreedSecret, KeyExchange } from "./kex/key-exchange.ts";
import type { KexInit } from "./kex/kex-init.ts";
import { MARKS } from "./kex/negotiate.ts";
import {
  completeTransportLimits,
  EXT_INFO_MAX,
  type TransportLimits,
  UNKNOWN_MESSAGES_MAX,
} from "./limits.ts";
import { type Offer, offerOf } from "./offer.ts";
import { createOpener, createSealer } from "./packet/choose-cipher.ts";
import type { PacketOpener } from "./packet/packet-cipher.ts";
import { PacketReader } from "./packet/packet-reader.ts";
import { PacketWriter } from "./packet/packet-writer.ts";
import { PendingMessages } from "./pending-messages.ts";
import { checkAllowed, isGuess, PHASE, type Phase } from "./phase.ts";
import type {
  AgreedAlgorithms,
  CreateTransport,
  SshTransport,
  TransportHandler,
  TransportInput,
} from "./ssh-transport.ts";
import { PeerExchangeBudget, TrafficMeter } from "./traffic.ts";

const NOTHING = new Uint8Array(0);
const NEW_KEYS = Buffer.of(MESSAGE.newKeys);
/** OpenSSH's PING and PONG, which we never said that we know. */
const PING = 192;
const PONG = 193;

/** The transport of this project. Throws a RangeError for an input that could not work. */
export const createSshTransport: CreateTransport = (input) => new OwnTransport(input);

/** What the peer's NEWKEYS puts in force. */
interface NextKeys {
  readonly opener: PacketOpener;
  readonly algorithms: AgreedAlgorithms;
}

class OwnTransport implements SshTransport {
  private readonly handler: TransportHandler;
  private readonly write: (bytes: Buffer) => void;
  private readonly offer: Offer;
  readonly role: "server" | "client";
  private readonly requireStrictKex: boolean;
  private readonly reader = new PacketReader();
  private readonly writer: PacketWriter;
  private readonly pending: PendingMessages;
  private readonly trafficIn: TrafficMeter;
  private readonly trafficOut: TrafficMeter;
  private readonly budget: PeerExchangeBudget;
  private readonly limits: TransportLimits;

  /** Gone once the peer's identification is there. */
  private identReader: IdentReader | undefined;
  private peerIdent = "";
  phase: Phase = PHASE.firstInit;
  strict = false;
  /** The exchange that is going on, from our KEXINIT to the peer's NEWKEYS. */
  private exchange: KeyExchange | undefined = undefined;
  /** What we offer in all exchanges but the first. */
  private laterInit: KexInit;
  /** Whether the next exchange brings another cipher; false after it. */
  private changesCipher = false;
  private nextKeys: NextKeys | undefined = undefined;
  private dropGuess = false;
  private firstSessionId: Buffer | undefined = undefined;
  private peerTakesExtInfo = false;
  private extInfoCount = 0;
  private unknownCount = 0;
  private receiving = false;
  private closed = false;

  exchangingKeys = false;
  serverSignatureAlgorithms: readonly string[] | undefined = undefined;

  constructor(input: TransportInput) {
    const limits = completeTransportLimits(input.limits);
    this.limits = limits;
    this.handler = input.handler;
    this.write = input.write;
    this.writer = new PacketWriter(input.allocate);
    this.offer = offerOf(input);
    this.role = input.role.kind;
    this.requireStrictKex = input.requireStrictKex ?? false;
    this.identReader = new IdentReader(this.role);
    this.pending = new PendingMessages(limits.pendingMaxBytes);
    this.trafficIn = new TrafficMeter(limits);
    this.trafficOut = new TrafficMeter(limits);
    this.budget = new PeerExchangeBudget(limits);
    const { side, firstInit, laterInit } = this.offer;
    this.laterInit = laterInit;
    this.exchange = new KeyExchange(side, firstInit);
    this.exchangingKeys = true;
    this.write(Buffer.from(`${side.ourIdent}\r\n`, "latin1"));
    this.write(this.writer.packet(this.exchange.initMessage));
  }

  get sessionId(): Buffer {
    if (this.firstSessionId === undefined) throw new Error("there is no session id before onKeys");
    return this.firstSessionId;
  }

  send(payload: Uint8Array): void {
    this.sendParts(payload, NOTHING);
  }

  sendParts(head: Uint8Array, body: Uint8Array): void {
    if (this.closed) return;
    if (head[0] === MESSAGE.userauthSuccess && this.role === "server") this.loggedIn();
    if (this.exchangingKeys) return this.hold(head, body);
    this.sendNow(head, body);
    if (this.trafficOut.rekeyDue) this.rekey();
  }

  rekey(): void {
    if (!this.closed && this.exchange === undefined) this.startExchange();
  }

  disconnect(reason: number, text: string): void {
    if (this.closed) return;
    this.sendNow(writeDisconnect(reason, text));
    this.close();
  }

  close(): void {
    this.closed = true;
    this.exchangingKeys = false;
    this.exchange = undefined;
    this.nextKeys = undefined;
    this.identReader = undefined;
    this.pending.take();
    this.reader.forget();
  }

  receive(bytes: Uint8Array): void {
    if (this.closed) return;
    if (this.receiving) throw new Error("receive was called by what it called");
    this.receiving = true;
    try {
      this.receiveChunk(asBuffer(bytes));
    } catch (error) {
      this.fail(error);
    } finally {
      this.receiving = false;
    }
  }

  private receiveChunk(chunk: Buffer): void {
    let packets = chunk;
    if (this.identReader !== undefined) {
      const { identReader } = this;
      const ident = identReader.read(chunk);
      if (ident === undefined) return;
      packets = chunk.subarray(identReader.usedBytes);
      this.identReader = undefined;
      this.peerIdent = ident;
      this.handler.onIdent(ident);
    }
    this.reader.push(packets);
    while (!this.closed) {
      const payload = this.reader.next();
      if (payload === undefined) return;
      this.receiveMessage(payload);
    }
  }

  private receiveMessage(payload: Buffer): void {
    const number = payload[0]!;
    this.trafficIn.count(payload.length);
    if (number >= MESSAGE.userauthRequest && this.phase === PHASE.open) {
      if (number === MESSAGE.userauthSuccess && this.role === "client") this.budget.unlock();
      if (number !== PING && number !== PONG) this.handler.onMessage(payload);
    } else if (this.dropGuess && isGuess(number)) {
      this.dropGuess = false;
    } else {
      checkAllowed(number, this);
      this.receiveOwn(number, payload);
    }
    if (this.phase === PHASE.open && this.trafficIn.rekeyDue) {
      this.trafficIn.checkOverdue();
      this.rekey();
    }
  }

  /** One of the transport's own messages, at a moment when it may come. */
  private receiveOwn(number: number, payload: Buffer): void {
    switch (number) {
      case MESSAGE.disconnect: {
        const { reason, text } = readDisconnect(payload);
        this.close();
        return this.handler.onDisconnect(reason, text);
      }
      case MESSAGE.ignore:
      case MESSAGE.unimplemented:
      case MESSAGE.debug:
        return;
      case MESSAGE.serviceRequest:
      case MESSAGE.serviceAccept:
        return this.handler.onMessage(payload);
      case MESSAGE.extInfo:
        return this.receiveExtInfo(payload);
      case MESSAGE.kexInit:
        return this.receiveKexInit(payload);
      case MESSAGE.kexEcdhInit:
        return this.answerShare(payload);
      case MESSAGE.kexEcdhReply:
        return this.haveSecret(this.exchange!.finish(payload));
      case MESSAGE.newKeys:
        return this.receiveNewKeys(payload);
      default:
        return this.answerUnknown();
    }
  }

  private receiveExtInfo(payload: Buffer): void {
    this.extInfoCount++;
    if (this.extInfoCount > EXT_INFO_MAX) {
      throw protocolError(`more than ${EXT_INFO_MAX} messages with extensions`);
    }
    const names = readExtInfo(payload);
    if (this.role === "client" && names !== undefined) this.serverSignatureAlgorithms = names;
  }

  private answerUnknown(): void {
    this.unknownCount++;
    if (this.unknownCount > UNKNOWN_MESSAGES_MAX) {
      throw protocolError(`more than ${UNKNOWN_MESSAGES_MAX} messages that nobody knows`);
    }
    // The number of the packet just read; the reader stands at the next one.
    const sequence = (this.reader.sequence - 1) >>> 0;
    const answer = new MessageWriter(MESSAGE.unimplemented).uint32(sequence).finish();
    this.sendNow(answer);
  }

  /** Server: the user is let in, and may make us work more than a stranger. */
  private loggedIn(): void {
    this.budget.unlock();
    if (!this.changesCipher) return;
    this.trafficIn.dueAfter(this.limits.cipherChangeBytes);
    this.trafficOut.dueAfter(this.limits.cipherChangeBytes);
  }

  /** Begins an exchange of ours; from here to our NEWKEYS only the exchange itself goes out. */
  private startExchange(): KeyExchange {
    const exchange = new KeyExchange(this.offer.side, this.laterInit);
    this.exchange = exchange;
    this.exchangingKeys = true;
    this.sendNow(exchange.initMessage);
    return exchange;
  }

  private receiveKexInit(payload: Buffer): void {
    const isFirst = this.phase === PHASE.firstInit;
    if (this.exchange === undefined) {
      this.budget.take(this.trafficIn.bytes + this.trafficOut.bytes);
    }
    const exchange = this.exchange ?? this.startExchange();
    const { peer, wrongGuess } = exchange.receiveInit(payload, this.peerIdent);
    if (isFirst) {
      this.readMarks(peer);
      if (this.role === "server" && takesNewKeys(this.peerIdent)) {
        this.laterInit = preferGcm(this.laterInit, peer);
      }
    }
    this.dropGuess = wrongGuess;
    this.phase = isFirst ? PHASE.firstShare : PHASE.share;
    if (this.role === "client") this.sendNow(exchange.begin());
  }

  /** The marks in the peer's first KEXINIT say what holds from here on. */
  private readMarks({ kex }: KexInit): void {
    this.strict = kex.includes(this.role === "server" ? MARKS.strictClient : MARKS.strictServer);
    this.peerTakesExtInfo = kex.includes(MARKS.extInfoClient);
    if (this.strict && this.reader.sequence !== 1) {
      throw protocolError("with strict key exchange KEXINIT is the first message");
    }
    if (!this.strict && this.requireStrictKex) {
      throw new SshError(
        DISCONNECT.keyExchangeFailed,
        "only the strict key exchange is taken here",
      );
    }
  }

  private answerShare(payload: Buffer): void {
    const { reply, agreed } = this.exchange!.answer(payload);
    this.sendNow(reply);
    this.haveSecret(agreed);
  }

  /** The secret is there: what goes out has new keys at once, what comes in after NEWKEYS. */
  private haveSecret(agreed: AgreedSecret): void {
    const isFirst = this.phase === PHASE.firstShare;
    this.firstSessionId ??= agreed.exchangeHash;
    const from = { ...agreed, sessionId: this.firstSessionId };
    const { negotiated } = agreed;
    const toServer = { cipher: negotiated.cipherToServer, mac: negotiated.macToServer };
    const toClient = { cipher: negotiated.cipherToClient, mac: negotiated.macToClient };
    const [ours, theirs, we, they] =
      this.role === "client"
        ? ([toServer, toClient, "client", "server"] as const)
        : ([toClient, toServer, "server", "client"] as const);
    this.nextKeys = {
      opener: createOpener(theirs, keysFor(they, from)),
      algorithms: {
        kex: negotiated.kex,
        hostKey: negotiated.hostKey,
        cipherIn: theirs.cipher,
        cipherOut: ours.cipher,
        macIn: theirs.mac,
        macOut: ours.mac,
        strictKex: this.strict,
      },
    };
    this.sendNow(NEW_KEYS);
    this.writer.use(createSealer(ours, keysFor(we, from)));
    if (this.strict) this.writer.sequence = 0;
    this.trafficOut.reset();
    this.phase = isFirst ? PHASE.firstNewKeys : PHASE.newKeys;
    this.exchangingKeys = false;
    if (isFirst && this.role === "server" && this.peerTakesExtInfo) this.sendNow(writeExtInfo());
    for (const message of this.pending.take()) this.sendNow(message);
  }

  private receiveNewKeys(payload: Buffer): void {
    if (payload.length !== 1) throw protocolError(`NEWKEYS of ${payload.length} bytes`);
    const { opener, algorithms } = this.nextKeys!;
    const isFirst = this.phase === PHASE.firstNewKeys;
    this.reader.use(opener);
    if (this.strict) this.reader.sequence = 0;
    this.trafficIn.reset();
    this.nextKeys = undefined;
    this.exchange = undefined;
    this.phase = PHASE.open;
    const isOurs = isFirst && this.role === "server";
    this.changesCipher = isOurs && wouldChange(algorithms, this.laterInit);
    this.handler.onKeys(algorithms);
  }

  private sendNow(head: Uint8Array, body: Uint8Array = NOTHING): void {
    const packet = this.writer.packet(head, body);
    this.trafficOut.count(packet.length);
    this.write(packet);
  }

  private hold(head: Uint8Array, body: Uint8Array): void {
    try {
      this.pending.add(head, body);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the connection when the peer is to blame; what else was thrown is a mistake of ours. */
  private fail(error: unknown): void {
    if (!(error instanceof SshError)) throw error;
    if (this.closed) return;
    this.disconnect(error.reason, error.message);
    this.handler.onError(error);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function protocolError(what: string): SshError {
  return new SshError(DISCONNECT.protocolError, what);
}

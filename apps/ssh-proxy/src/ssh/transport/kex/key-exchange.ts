/**
 * One key exchange from KEXINIT to keys (RFC 4253, 7 and 8), either side of it. It knows what goes
 * in and comes out; when it goes, and under which keys, is the transport's business.
 */
import { MESSAGE } from "../../message-numbers.ts";
import { MessageReader } from "../../message-reader.ts";
import { MessageWriter } from "../../message-writer.ts";
import type { PrivateKey } from "../../keys/private-key.ts";
import { parsePublicKey, type PublicKey } from "../../keys/public-key.ts";
import { DISCONNECT, SshError } from "../../ssh-error.ts";
import { keyTypeOf } from "../algorithms.ts";
import { escapeText } from "../escape-text.ts";
import { agreementOf } from "./agreements.ts";
import { exchangeHash } from "./exchange-hash.ts";
import type { ClientShare, KeyAgreement } from "./key-agreement.ts";
import { type KexInit, readKexInit, writeKexInit } from "./kex-init.ts";
import { isWrongGuess, type Negotiated, negotiate } from "./negotiate.ts";

/** What does not change from one exchange of a connection to the next. */
export type ExchangeSide = { readonly ourIdent: string } & (
  | { readonly role: "server"; readonly hostKeys: ReadonlyMap<string, PrivateKey> }
  | { readonly role: "client"; readonly acceptHostKey: (key: PublicKey) => boolean }
);

export interface AgreedSecret {
  readonly negotiated: Negotiated;
  readonly hash: KeyAgreement["hash"];
  readonly secret: Buffer;
  readonly exchangeHash: Buffer;
}

/** 16 KiB: a host key of 16,384 bits takes 2 KiB, and a certificate would fit. */
const HOST_KEY_MAX_BYTES = 16 * 1_024;

export class KeyExchange {
  /** Our KEXINIT, to be sent first. */
  readonly initMessage: Buffer;
  private readonly side: ExchangeSide;
  private readonly ourInit: KexInit;
  private peerIdent = "";
  private peerInit: Buffer | undefined = undefined;
  private negotiated: Negotiated | undefined = undefined;
  private clientShare: ClientShare | undefined = undefined;

  constructor(side: ExchangeSide, ourInit: KexInit) {
    this.side = side;
    this.ourInit = ourInit;
    this.initMessage = writeKexInit(ourInit);
  }

  /** Reads the peer's KEXINIT: what it offers, and whether a message sent on a guess is to go. */
  receiveInit(payload: Buffer, peerIdent: string): { peer: KexInit; wrongGuess: boolean } {
    const peer = readKexInit(payload);
    this.peerIdent = peerIdent;
    this.peerInit = Buffer.from(payload);
    const [client, server] =
      this.side.role === "client" ? [this.ourInit, peer] : [peer, this.ourInit];
    this.negotiated = negotiate(client, server, peer);
    return { peer, wrongGuess: isWrongGuess(this.ourInit, peer) };
  }

  /** Client, after the server's KEXINIT: the message with our share. */
  begin(): Buffer {
    this.clientShare = agreementOf(this.agreed.kex).begin();
    return new MessageWriter(MESSAGE.kexEcdhInit).string(this.clientShare.share).finish();
  }

  /** Server: the client's share gives the secret, and the message with ours, signed. */
  answer(payload: Buffer): { reply: Buffer; agreed: AgreedSecret } {
    if (this.side.role === "client") throw new Error("a client has nothing to answer");
    const reader = new MessageReader(payload);
    const clientShare = reader.string();
    reader.end();
    const { kex, hostKey } = this.agreed;
    const agreement = agreementOf(kex);
    const { share, secret } = agreement.answer(clientShare);
    const key = this.side.hostKeys.get(hostKey)!;
    const { blob } = key.publicKey;
    const hash = this.hashOf(agreement, { blob, clientShare, serverShare: share, secret });
    const reply = new MessageWriter(MESSAGE.kexEcdhReply)
      .string(blob)
      .string(share)
      .string(key.sign(hostKey, hash))
      .finish();
    return { reply, agreed: this.agreedSecret(agreement, secret, hash) };
  }

  /** Client: the server's share and signature give the secret, once both are found good. */
  finish(payload: Buffer): AgreedSecret {
    if (this.side.role === "server") throw new Error("a server has nothing to finish");
    const reader = new MessageReader(payload);
    const blob = reader.string(HOST_KEY_MAX_BYTES);
    const serverShare = reader.string();
    const signature = reader.string();
    reader.end();
    const { kex, hostKey } = this.agreed;
    const agreement = agreementOf(kex);
    const ours = this.clientShare!;
    const clientShare = ours.share;
    const secret = ours.finish(serverShare);
    const hash = this.hashOf(agreement, { blob, clientShare, serverShare, secret });
    const key = readHostKey(blob, hostKey);
    if (!key.verify(hostKey, hash, signature)) {
      throw new SshError(DISCONNECT.keyExchangeFailed, "the host key's signature is wrong");
    }
    if (!this.side.acceptHostKey(key)) {
      throw new SshError(
        DISCONNECT.hostKeyNotVerifiable,
        `the host key ${key.type} ${key.fingerprint} is not accepted`,
      );
    }
    return this.agreedSecret(agreement, secret, hash);
  }

  private hashOf(
    agreement: KeyAgreement,
    parts: { blob: Buffer; clientShare: Buffer; serverShare: Buffer; secret: Buffer },
  ): Buffer {
    const { side, initMessage: ourInit, peerIdent } = this;
    const { ourIdent } = side;
    const peerInit = this.peerInit!;
    const sides =
      side.role === "client"
        ? {
            clientIdent: ourIdent,
            serverIdent: peerIdent,
            clientInit: ourInit,
            serverInit: peerInit,
          }
        : {
            clientIdent: peerIdent,
            serverIdent: ourIdent,
            clientInit: peerInit,
            serverInit: ourInit,
          };
    return exchangeHash(agreement.hash, { ...sides, ...parts, hostKey: parts.blob });
  }

  private agreedSecret(agreement: KeyAgreement, secret: Buffer, hash: Buffer): AgreedSecret {
    return { negotiated: this.agreed, hash: agreement.hash, secret, exchangeHash: hash };
  }

  private get agreed(): Negotiated {
    if (this.negotiated === undefined) throw new Error("nothing has been negotiated yet");
    return this.negotiated;
  }
}

function readHostKey(blob: Buffer, signatureAlgorithm: string): PublicKey {
  const key = parseHostKey(blob);
  if (key.type === keyTypeOf(signatureAlgorithm)) return key;
  throw new SshError(
    DISCONNECT.keyExchangeFailed,
    `a host key of type ${key.type} cannot sign as ${signatureAlgorithm}`,
  );
}

function parseHostKey(blob: Buffer): PublicKey {
  try {
    return parsePublicKey(blob);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SshError(DISCONNECT.keyExchangeFailed, `the host key is bad: ${escapeText(why)}`);
  }
}

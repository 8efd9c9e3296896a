/** A peer without manners: it says what it is told, allowed or not, before there are keys. */
import { MESSAGE } from "../../message-numbers.ts";
import { MessageWriter } from "../../message-writer.ts";
import { SIGNATURE_ALGORITHMS } from "../algorithms.ts";
import { type KexInit, writeKexInit } from "../kex/kex-init.ts";
import { MARKS } from "../kex/negotiate.ts";
import { PacketReader } from "../packet/packet-reader.ts";
import { PacketWriter } from "../packet/packet-writer.ts";
import type { TransportInput } from "../ssh-transport.ts";
import { HOST_KEYS } from "./host-keys.ts";
import { TestedEnd } from "./tested-end.ts";

const GCM = ["aes128-gcm@openssh.com"];

/** What any transport of ours can agree to. */
export const USUAL_INIT: KexInit = {
  kex: ["curve25519-sha256"],
  hostKeys: SIGNATURE_ALGORITHMS,
  ciphersToServer: GCM,
  ciphersToClient: GCM,
  macsToServer: [],
  macsToClient: [],
  compressionsToServer: ["none"],
  compressionsToClient: ["none"],
  guessFollows: false,
};

type RawPeerOptions = Pick<TransportInput, "algorithms" | "requireStrictKex" | "limits">;

export class RawPeer {
  /** The transport under attack. */
  readonly end: TestedEnd;
  private readonly writer = new PacketWriter();
  private readonly strictMark: string;

  constructor(attacked: "server" | "client", options: RawPeerOptions = {}) {
    this.strictMark = attacked === "server" ? MARKS.strictClient : MARKS.strictServer;
    const role: TransportInput["role"] =
      attacked === "server"
        ? { kind: "server", hostKeys: HOST_KEYS }
        : { kind: "client", acceptHostKey: () => true };
    this.end = new TestedEnd({ role, ident: "Attacked", ...options });
  }

  bytes(bytes: Uint8Array | string): this {
    this.end.transport.receive(Buffer.from(bytes as string, "latin1"));
    return this;
  }

  ident(line = "SSH-2.0-RawPeer\r\n"): this {
    return this.bytes(line);
  }

  message(payload: Uint8Array): this {
    return this.bytes(this.writer.packet(payload));
  }

  /** A message of this number with nothing else in it. */
  number(number: number): this {
    return this.message(Buffer.of(number));
  }

  init(changed: Partial<KexInit> = {}, strict = true): this {
    const init = { ...USUAL_INIT, ...changed };
    const kex = strict ? [...init.kex, this.strictMark] : init.kex;
    return this.message(writeKexInit({ ...init, kex }));
  }

  /** A client's share of the secret. */
  share(share: Uint8Array): this {
    return this.message(new MessageWriter(MESSAGE.kexEcdhInit).string(share).finish());
  }

  /** The numbers of the plain messages that the transport wrote, behind its identification. */
  answers(): number[] {
    return this.answerMessages().map((payload) => payload[0]!);
  }

  answerMessages(): Buffer[] {
    const written = this.end.take();
    const reader = new PacketReader();
    reader.push(written.subarray(written.indexOf("\n") + 1));
    const messages: Buffer[] = [];
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      messages.push(Buffer.from(next));
      // What follows is encrypted.
      if (next[0] === MESSAGE.newKeys) break;
    }
    return messages;
  }
}

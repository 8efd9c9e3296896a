/** The exchange hash (RFC 4253, 8; RFC 5656, 4), which the server signs, and the keys out of it. */
import { hash } from "node:crypto";
import { MessageWriter } from "../../message-writer.ts";
import type { KeySource } from "../packet/packet-cipher.ts";
import type { KeyAgreement } from "./key-agreement.ts";

export interface Exchange {
  readonly clientIdent: string;
  readonly serverIdent: string;
  /** The payloads of both KEXINITs. */
  readonly clientInit: Uint8Array;
  readonly serverInit: Uint8Array;
  readonly hostKey: Uint8Array;
  readonly clientShare: Uint8Array;
  readonly serverShare: Uint8Array;
  /** With its length in front. */
  readonly secret: Uint8Array;
}

export function exchangeHash(hashName: KeyAgreement["hash"], exchange: Exchange): Buffer {
  const hashed = new MessageWriter()
    .string(Buffer.from(exchange.clientIdent, "latin1"))
    .string(Buffer.from(exchange.serverIdent, "latin1"))
    .string(exchange.clientInit)
    .string(exchange.serverInit)
    .string(exchange.hostKey)
    .string(exchange.clientShare)
    .string(exchange.serverShare)
    .raw(exchange.secret)
    .finish();
  return hash(hashName, hashed, "buffer");
}

export interface DerivedFrom {
  readonly hash: KeyAgreement["hash"];
  readonly secret: Uint8Array;
  readonly exchangeHash: Uint8Array;
  readonly sessionId: Uint8Array;
}

/** The keys of one direction (RFC 4253, 7.2). */
export function keysFor(sender: "client" | "server", from: DerivedFrom): KeySource {
  const [iv, cipherKey, macKey] = sender === "client" ? ["A", "C", "E"] : ["B", "D", "F"];
  return {
    iv: (bytes) => derive(iv, bytes, from),
    cipherKey: (bytes) => derive(cipherKey, bytes, from),
    macKey: (bytes) => derive(macKey, bytes, from),
  };
}

function derive(letter: string, byteCount: number, from: DerivedFrom): Buffer {
  const { hash: name, secret, exchangeHash: exchange, sessionId } = from;
  const first = [secret, exchange, Buffer.from(letter, "latin1"), sessionId];
  let key = hash(name, Buffer.concat(first), "buffer");
  while (key.length < byteCount) {
    key = Buffer.concat([key, hash(name, Buffer.concat([secret, exchange, key]), "buffer")]);
  }
  return key.subarray(0, byteCount);
}

/** The exchange hash (RFC 4253, 8; RFC 5656, 4), which the server signs, and the keys out of it. */
import { createHash } from "node:crypto";
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
  const hash = createHash(hashName);
  const length = Buffer.alloc(4);
  for (const part of [
    Buffer.from(exchange.clientIdent, "latin1"),
    Buffer.from(exchange.serverIdent, "latin1"),
    exchange.clientInit,
    exchange.serverInit,
    exchange.hostKey,
    exchange.clientShare,
    exchange.serverShare,
  ]) {
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  }
  return hash.update(exchange.secret).digest();
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

function derive(letter: string, bytes: number, from: DerivedFrom): Buffer {
  const { hash, secret, exchangeHash: exchange, sessionId } = from;
  const start = createHash(hash).update(secret).update(exchange);
  let key = start.copy().update(letter, "latin1").update(sessionId).digest();
  while (key.length < bytes) key = Buffer.concat([key, start.copy().update(key).digest()]);
  return key.subarray(0, bytes);
}

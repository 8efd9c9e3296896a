/** What two KEXINITs agree on (RFC 4253, 7.1): the first of the client's that the server has. */
import { DISCONNECT, SshError } from "../../ssh-error.ts";
import { escapeText } from "../escape-text.ts";
import { authenticatesByItself } from "../packet/choose-cipher.ts";
import type { KexInit } from "./kex-init.ts";

export interface Negotiated {
  readonly kex: string;
  readonly hostKey: string;
  readonly cipherToServer: string;
  readonly cipherToClient: string;
  /** `""` with a cipher that authenticates by itself. */
  readonly macToServer: string;
  readonly macToClient: string;
}

/**
 * Marks of what a side can do besides, carried among the key exchange methods. They stand at the
 * end of what we offer, so that nothing agrees on them: both sides have different ones.
 */
export const MARKS = {
  strictClient: "kex-strict-c-v00@openssh.com",
  strictServer: "kex-strict-s-v00@openssh.com",
  extInfoClient: "ext-info-c",
} as const;

const REFUSED = new Set<string>([...Object.values(MARKS), "ext-info-s"]);

type NameList = Exclude<keyof KexInit, "guessFollows">;

/** Throws an `SshError` that names what found no match, and what the peer has. */
export function negotiate(client: KexInit, server: KexInit, peer: KexInit): Negotiated {
  const choose = (what: string, list: NameList): string => {
    const [clients, servers] = [client[list], server[list]];
    const found = clients.find((name) => servers.includes(name) && !REFUSED.has(name));
    if (found !== undefined) return found;
    const peers = escapeText(peer[list].join(","));
    const text = `no matching ${what}; the peer has: ${peers}`;
    throw new SshError(DISCONNECT.keyExchangeFailed, text);
  };
  const kex = choose("key exchange method", "kex");
  const hostKey = choose("type of host key", "hostKeys");
  const cipherToServer = choose("cipher", "ciphersToServer");
  const cipherToClient = choose("cipher", "ciphersToClient");
  const macToServer = authenticatesByItself(cipherToServer) ? "" : choose("MAC", "macsToServer");
  const macToClient = authenticatesByItself(cipherToClient) ? "" : choose("MAC", "macsToClient");
  choose("compression", "compressionsToServer");
  choose("compression", "compressionsToClient");
  return { kex, hostKey, cipherToServer, cipherToClient, macToServer, macToClient };
}

/** Whether the message that was sent on a guess is to be dropped (RFC 4253, 7). */
export function isWrongGuess(ours: KexInit, theirs: KexInit): boolean {
  if (!theirs.guessFollows) return false;
  return ours.kex[0] !== theirs.kex[0] || ours.hostKeys[0] !== theirs.hostKeys[0];
}

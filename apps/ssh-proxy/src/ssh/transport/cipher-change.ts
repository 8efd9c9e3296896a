/**
 * Which cipher is used is the client's choice (RFC 4253, 7.1), and OpenSSH's client has CTR before
 * GCM, though GCM does both of its passes in one. A server can only leave CTR out, and before the
 * first exchange it does not know what the client has; so it does so in a later one, after the
 * login, when there is enough traffic for it to pay. RFC 4253, 9 lets any algorithm change then.
 */
import type { AgreedAlgorithms } from "./ssh-transport.ts";
import type { KexInit } from "./kex/kex-init.ts";
import { authenticatesByItself } from "./packet/choose-cipher.ts";

/** Clients that were seen to go on through an exchange that the server begins, and are worth it. */
const TAKES_NEW_KEYS = /^SSH-2\.0-OpenSSH_/u;

/** Whether a client, by its identification, is given new keys though it did not ask for any. */
export function takesNewKeys(ident: string): boolean {
  return TAKES_NEW_KEYS.test(ident);
}

/** Our offer without CTR in each direction in which the peer has a GCM that we have, too. */
export function preferGcm(ours: KexInit, peer: KexInit): KexInit {
  return {
    ...ours,
    ciphersToServer: gcmOf(ours.ciphersToServer, peer.ciphersToServer) ?? ours.ciphersToServer,
    ciphersToClient: gcmOf(ours.ciphersToClient, peer.ciphersToClient) ?? ours.ciphersToClient,
  };
}

/** Whether an exchange with this offer changes a cipher of a server, which offers it. */
export function wouldChange(now: AgreedAlgorithms, offer: KexInit): boolean {
  const { ciphersToServer, ciphersToClient } = offer;
  return !ciphersToServer.includes(now.cipherIn) || !ciphersToClient.includes(now.cipherOut);
}

function gcmOf(ours: readonly string[], peers: readonly string[]): readonly string[] | undefined {
  const found = ours.filter((name) => authenticatesByItself(name) && peers.includes(name));
  return found.length > 0 ? found : undefined;
}

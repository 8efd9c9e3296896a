/**
 * Which cipher is used is the client's choice (RFC 4253, 7.1), and OpenSSH's client has CTR before
 * GCM, though GCM does both of its passes in one. A server can only leave CTR out, and before the
 * first exchange it does not know what the client has; so it does so in a later one, when there is
 * enough traffic for it to pay.
 */
import type { AgreedAlgorithms } from "./ssh-transport.ts";
import type { KexInit } from "./kex/kex-init.ts";
import { authenticatesByItself } from "./packet/choose-cipher.ts";

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

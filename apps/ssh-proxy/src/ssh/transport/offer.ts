/** What a side offers in its KEXINIT, and how it takes part in exchanges. */
import type { PrivateKey } from "../keys/private-key.ts";
import {
  type Algorithms,
  completeAlgorithms,
  hostKeyAlgorithmsOf,
  SIGNATURE_ALGORITHMS,
} from "./algorithms.ts";
import type { ExchangeSide } from "./kex/key-exchange.ts";
import type { KexInit } from "./kex/kex-init.ts";
import { MARKS } from "./kex/negotiate.ts";
import type { TransportInput } from "./ssh-transport.ts";

const NO_COMPRESSION = ["none"];
const IDENT = /^[\x21-\x7e]{1,200}$/;

export interface Offer {
  readonly side: ExchangeSide;
  /** For the first exchange, with the marks that count only there. */
  readonly firstInit: KexInit;
  readonly laterInit: KexInit;
}

/** Throws a RangeError for an input that could not work. */
export function offerOf(input: TransportInput): Offer {
  if (!IDENT.test(input.ident)) {
    throw new RangeError("ident: from 1 to 200 printable ASCII characters without blanks");
  }
  const ourIdent = `SSH-2.0-${input.ident}`;
  const algorithms = completeAlgorithms(input.algorithms);
  const { role } = input;
  if (role.kind === "server") {
    const hostKeys = hostKeysByAlgorithm(role.hostKeys);
    const laterInit = kexInit(algorithms, [...hostKeys.keys()]);
    const kex = [...laterInit.kex, MARKS.strictServer];
    const side = { role: role.kind, ourIdent, hostKeys };
    return { side, laterInit, firstInit: { ...laterInit, kex } };
  }
  const hostKeys =
    role.hostKeyTypes === undefined ? SIGNATURE_ALGORITHMS : hostKeyAlgorithmsOf(role.hostKeyTypes);
  const laterInit = kexInit(algorithms, hostKeys);
  const kex = [...laterInit.kex, MARKS.extInfoClient, MARKS.strictClient];
  const side = { role: role.kind, ourIdent, acceptHostKey: role.acceptHostKey };
  return { side, laterInit, firstInit: { ...laterInit, kex } };
}

function kexInit({ kex, ciphers, macs }: Algorithms, hostKeys: readonly string[]): KexInit {
  return {
    kex,
    hostKeys,
    ciphersToServer: ciphers,
    ciphersToClient: ciphers,
    macsToServer: macs,
    macsToClient: macs,
    compressionsToServer: NO_COMPRESSION,
    compressionsToClient: NO_COMPRESSION,
    guessFollows: false,
  };
}

/** Each way to sign, with the first key that can do it. */
function hostKeysByAlgorithm(keys: readonly PrivateKey[]): ReadonlyMap<string, PrivateKey> {
  const byAlgorithm = new Map<string, PrivateKey>();
  for (const key of keys) {
    for (const name of key.publicKey.signatureAlgorithms) {
      if (SIGNATURE_ALGORITHMS.includes(name) && !byAlgorithm.has(name)) byAlgorithm.set(name, key);
    }
  }
  if (byAlgorithm.size === 0) throw new RangeError("hostKeys: no key that can sign");
  return byAlgorithm;
}

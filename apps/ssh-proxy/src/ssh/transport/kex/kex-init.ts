/** The message KEXINIT (RFC 4253, 7.1): what one side can do, best first. */
import { webcrypto } from "node:crypto";
import { MESSAGE } from "../../message-numbers.ts";
import { MessageReader } from "../../message-reader.ts";
import { MessageWriter } from "../../message-writer.ts";

export interface KexInit {
  readonly kex: readonly string[];
  readonly hostKeys: readonly string[];
  readonly ciphersToServer: readonly string[];
  readonly ciphersToClient: readonly string[];
  readonly macsToServer: readonly string[];
  readonly macsToClient: readonly string[];
  readonly compressionsToServer: readonly string[];
  readonly compressionsToClient: readonly string[];
  /** A guess at the next message of the exchange follows (RFC 4253, 7). */
  readonly guessFollows: boolean;
}

const COOKIE_BYTES = 16;

export function writeKexInit(init: KexInit): Buffer {
  return new MessageWriter(MESSAGE.kexInit)
    .raw(cookie())
    .names(init.kex)
    .names(init.hostKeys)
    .names(init.ciphersToServer)
    .names(init.ciphersToClient)
    .names(init.macsToServer)
    .names(init.macsToClient)
    .names(init.compressionsToServer)
    .names(init.compressionsToClient)
    .names([])
    .names([])
    .boolean(init.guessFollows)
    .uint32(0)
    .finish();
}

/** Throws an `SshError`. What may stand behind the fields is left for later versions of SSH. */
export function readKexInit(payload: Buffer): KexInit {
  const reader = new MessageReader(payload, 1 + COOKIE_BYTES);
  const kex = reader.names();
  const hostKeys = reader.names();
  const ciphersToServer = reader.names();
  const ciphersToClient = reader.names();
  const macsToServer = reader.names();
  const macsToClient = reader.names();
  const compressionsToServer = reader.names();
  const compressionsToClient = reader.names();
  reader.names();
  reader.names();
  const guessFollows = reader.boolean();
  reader.uint32();
  return {
    kex,
    hostKeys,
    ciphersToServer,
    ciphersToClient,
    macsToServer,
    macsToClient,
    compressionsToServer,
    compressionsToClient,
    guessFollows,
  };
}

/** 16 bytes that nobody can foresee, made the way keys are: a seed must not repeat them. */
function cookie(): Uint8Array {
  return webcrypto.getRandomValues(new Uint8Array(COOKIE_BYTES));
}

/**
 * The door to the SSH transport (RFC 4253): identification, key exchange, encrypted packets. It
 * does no I/O and knows no time: bytes are pushed in, bytes come out through `write`. What is
 * above it (user authentication, channels) is ours, and sees messages only.
 */
import type { PrivateKey } from "../keys/private-key.ts";
import type { PublicKey } from "../keys/public-key.ts";
import type { SshError } from "../ssh-error.ts";
import type { AlgorithmOptions } from "./algorithms.ts";
import type { TransportLimits } from "./limits.ts";

/** What the two sides agreed on; the names are those of RFC 4253 and its registries. */
export interface AgreedAlgorithms {
  readonly kex: string;
  readonly hostKey: string;
  /** Such as `aes128-gcm@openssh.com`. */
  readonly cipherIn: string;
  readonly cipherOut: string;
  /** `""` with a cipher that authenticates by itself. */
  readonly macIn: string;
  readonly macOut: string;
  /** Whether the strict key exchange (against CVE-2023-48795, Terrapin) is in force. */
  readonly strictKex: boolean;
}

/**
 * What a transport tells. Calls come one at a time, never inside `createTransport`. After
 * `onDisconnect` and `onError` nothing follows.
 */
export interface TransportHandler {
  /** The peer's first line without its end, such as `SSH-2.0-OpenSSH_9.2p1`; at most 255 bytes. */
  onIdent(ident: string): void;
  /** Keys are in force: after the first exchange, and after every later one. */
  onKeys(algorithms: AgreedAlgorithms): void;
  /**
   * One message of the layers above: numbers 5, 6 and from 50. The bytes are valid only during
   * the call. What belongs to the transport (1 to 4, 7, 20 to 49) is handled inside.
   * An `SshError` thrown here is the peer's fault: it is told, and `onError` follows.
   */
  onMessage(payload: Buffer): void;
  /** The peer said DISCONNECT (RFC 4253, 11.1); the text is as it came, up to 255 characters. */
  onDisconnect(reason: number, text: string): void;
  /** The peer broke the protocol. It has been told: the DISCONNECT is written already. */
  onError(error: SshError): void;
}

export interface TransportInput {
  readonly role: TransportRole;
  /** What follows `SSH-2.0-`; printable ASCII without blanks, at most 200 characters. */
  readonly ident: string;
  readonly handler: TransportHandler;
  /** Takes bytes for the peer, in order. The memory is the taker's from then on. */
  readonly write: (bytes: Buffer) => void;
  /**
   * Memory for the next packet, of just that length; it is handed to `write` before the next is
   * asked for. Default: new memory for each.
   */
  readonly allocate?: ((bytes: number) => Buffer) | undefined;
  /** What to offer; default: all that are supported. */
  readonly algorithms?: AlgorithmOptions;
  /** Whether a peer without the strict key exchange is refused; default false. */
  readonly requireStrictKex?: boolean;
  readonly limits?: Partial<TransportLimits>;
}

export type TransportRole =
  /** At least one key; one for each type of key. */
  | { readonly kind: "server"; readonly hostKeys: readonly PrivateKey[] }
  | {
      readonly kind: "client";
      /** Whether this is the server's key. Its signature has been verified; false refuses it. */
      readonly acceptHostKey: (key: PublicKey) => boolean;
      /** The types of host key to ask for, best first; default: all. */
      readonly hostKeyTypes?: readonly string[];
    };

export interface SshTransport {
  /** The exchange hash of the first key exchange (RFC 4253, 7.2); throws before `onKeys`. */
  readonly sessionId: Buffer;
  /** Client: the peer's `server-sig-algs` (RFC 8308), undefined when it sent none. */
  readonly serverSignatureAlgorithms: readonly string[] | undefined;
  /** Bytes from the peer, in any pieces; they are not kept after the call. */
  receive(bytes: Uint8Array): void;
  /**
   * Sends one message; copies what it needs. While keys are exchanged it waits inside, up to
   * `PENDING_MAX_BYTES`; what is held back by flow control above never comes near that.
   */
  send(payload: Uint8Array): void;
  /** Sends one message whose payload is in two pieces, such as a head and the data. */
  sendParts(head: Uint8Array, body: Uint8Array): void;
  /** True while keys are exchanged, when nothing but the exchange itself goes out. */
  readonly exchangingKeys: boolean;
  /** Starts a new key exchange; no effect while one is going on. */
  rekey(): void;
  /** Says DISCONNECT with a reason (RFC 4253, 11.1) and a text; afterwards it is closed. */
  disconnect(reason: number, text: string): void;
  /** Forgets everything. Later calls have no effect. */
  close(): void;
}

/** Makes a transport and writes our identification and key exchange init. */
export type CreateTransport = (input: TransportInput) => SshTransport;

/** The steps of an SSH connection, done right, up to the one that an attack spoils. */
import {
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { RawConnection } from "./raw-connection.ts";
import { Fields, message, mpint, no, string, uint32, yes } from "./wire.ts";

export const IDENT = "SSH-2.0-attacker";

/** Message numbers (RFC 4250, 4.1.2). */
export const NUMBER = {
  ignore: 2,
  unimplemented: 3,
  serviceRequest: 5,
  serviceAccept: 6,
  kexInit: 20,
  newKeys: 21,
  ecdhInit: 30,
  ecdhReply: 31,
  userauthRequest: 50,
  userauthFailure: 51,
  userauthSuccess: 52,
  userauthPkOk: 60,
  globalRequest: 80,
  requestSuccess: 81,
  requestFailure: 82,
  channelOpen: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  channelRequest: 98,
  channelSuccess: 99,
  channelFailure: 100,
} as const;

/** Of X25519's keys as they travel, in front of the 32 bytes. */
const X25519_PREFIX = Buffer.from("302a300506032b656e032100", "hex");
/** Windows that let everything pass. */
const WINDOW_MAX = 0xffff_ffff;
const PACKET_BYTES = 32_768;

/** A key of an attacker, ed25519, that was never in a file. */
export class AttackerKey {
  readonly blob: Buffer;
  /** As in an authorized_keys file. */
  readonly publicLine: string;
  private readonly privateKey: KeyObject;

  constructor(comment: string) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const point = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
    this.privateKey = privateKey;
    this.blob = Buffer.concat([string("ssh-ed25519"), string(point)]);
    this.publicLine = `ssh-ed25519 ${this.blob.toString("base64")} ${comment}`;
  }

  sign(text: Buffer): Buffer {
    return Buffer.concat([string("ssh-ed25519"), string(sign(null, text, this.privateKey))]);
  }
}

export function kexInit({ kex = "curve25519-sha256", strict = true } = {}): Buffer {
  const kexNames = strict ? `${kex},kex-strict-c-v00@openssh.com` : kex;
  const cipher = "aes256-gcm@openssh.com";
  const lists = [
    ...[kexNames, "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512"],
    ...[cipher, cipher, "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""],
  ];
  const names = lists.map((list) => string(list));
  return message(NUMBER.kexInit, randomBytes(16), ...names, no, uint32(0));
}

/** The connection, once both have said who they are. */
export async function openIdentified(host: string, port: number): Promise<RawConnection> {
  const connection = await RawConnection.open(host, port);
  connection.write(`${IDENT}\r\n`);
  return connection;
}

/** A whole first key exchange; the session id. */
export async function exchangeKeys(connection: RawConnection): Promise<Buffer> {
  const ours = kexInit();
  connection.send(ours);
  const theirs = await connection.next([NUMBER.kexInit]);
  const pair = generateKeyPairSync("x25519");
  const point = Buffer.from(pair.publicKey.export({ format: "jwk" }).x!, "base64url");
  connection.send(message(NUMBER.ecdhInit, string(point)));
  const reply = new Fields(await connection.next([NUMBER.ecdhReply]));
  const [hostKey, serverPoint] = [reply.string(), reply.string()];
  const shared = diffieHellman({
    privateKey: pair.privateKey,
    publicKey: createPublicKey({
      key: Buffer.concat([X25519_PREFIX, serverPoint]),
      format: "der",
      type: "spki",
    }),
  });
  const secret = mpint(shared);
  const idents = [string(IDENT), string(connection.ident)];
  const texts = [...idents, string(ours), string(theirs), string(hostKey)];
  const hash = sha256(...texts, string(point), string(serverPoint), secret);
  const keys = (letters: readonly [string, string]) => ({
    nonce: sha256(secret, hash, Buffer.from(letters[0]), hash).subarray(0, 12),
    key: sha256(secret, hash, Buffer.from(letters[1]), hash),
  });
  await connection.next([NUMBER.newKeys]);
  connection.send(message(NUMBER.newKeys));
  connection.keysOut = keys(["A", "C"]);
  connection.readWith(keys(["B", "D"]));
  return hash;
}

export async function askForUserauth(connection: RawConnection): Promise<void> {
  connection.send(message(NUMBER.serviceRequest, string("ssh-userauth")));
  await connection.next([NUMBER.serviceAccept]);
}

/** A request to log in with a key: with a signature, or (without `signer`) only asking. */
export function publicKeyRequest(
  user: string,
  key: AttackerKey,
  sessionId: Buffer,
  signer?: AttackerKey,
): Buffer {
  const head = [string(user), string("ssh-connection"), string("publickey")];
  const named = [string("ssh-ed25519"), string(key.blob)];
  if (signer === undefined) return message(NUMBER.userauthRequest, ...head, no, ...named);
  const request = message(NUMBER.userauthRequest, ...head, yes, ...named);
  const signature = signer.sign(Buffer.concat([string(sessionId), request]));
  return Buffer.concat([request, string(signature)]);
}

/** Everything up to a login; the connection. */
export async function logIn(
  host: string,
  port: number,
  user: string,
  key: AttackerKey,
): Promise<RawConnection> {
  const connection = await openIdentified(host, port);
  const sessionId = await exchangeKeys(connection);
  await askForUserauth(connection);
  connection.send(publicKeyRequest(user, key, sessionId, key));
  const answer = await connection.next([NUMBER.userauthSuccess, NUMBER.userauthFailure]);
  if (answer[0] !== NUMBER.userauthSuccess) throw new Error("the attacker was not let in");
  return connection;
}

export interface RawChannel {
  /** The server's number of it. */
  readonly remote: number;
  /** What we were granted. */
  readonly windowBytes: number;
}

export interface OpenRawChannel {
  /** Our number, default 0. */
  readonly local?: number;
  /** What the server may send; default all there can be. */
  readonly windowBytes?: number;
}

export function channelOpen({ local = 0, windowBytes = WINDOW_MAX }: OpenRawChannel = {}): Buffer {
  const sizes = [uint32(local), uint32(windowBytes), uint32(PACKET_BYTES)];
  return message(NUMBER.channelOpen, string("session"), ...sizes);
}

export async function openChannel(
  connection: RawConnection,
  options: OpenRawChannel = {},
): Promise<RawChannel> {
  connection.send(channelOpen(options));
  const answer = await connection.next([NUMBER.openConfirmation, NUMBER.openFailure]);
  if (answer[0] !== NUMBER.openConfirmation) throw new Error("the channel was refused");
  const fields = new Fields(answer, 5);
  return { remote: fields.uint32(), windowBytes: fields.uint32() };
}

export function exec({ remote }: RawChannel, command: string): Buffer {
  return channelRequest(remote, "exec", yes, string(command));
}

export function channelRequest(
  remote: number,
  name: string,
  wantReply: Buffer,
  ...fields: readonly Uint8Array[]
): Buffer {
  return message(NUMBER.channelRequest, uint32(remote), string(name), wantReply, ...fields);
}

export function data({ remote }: RawChannel, bytes: Uint8Array): Buffer {
  return message(NUMBER.data, uint32(remote), string(bytes));
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

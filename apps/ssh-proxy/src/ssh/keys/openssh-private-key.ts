/**
 * The file format of OpenSSH's private keys (its PROTOCOL.key), without encryption:
 *
 *     "openssh-key-v1\0"  cipher kdf kdfOptions:string  keys:uint32  publicKey:string
 *     string { check check:uint32  type, numbers…, comment:string  padding 1 2 3 … }
 */
import { createHash, createPrivateKey, type KeyObject, type webcrypto } from "node:crypto";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { CURVES } from "./curve.ts";
import { padDigits, readMpint } from "./mpint.ts";
import { ED25519, RSA } from "./signature.ts";
import { quoteName, SshKeyError } from "./ssh-key-error.ts";

const MAGIC = Buffer.from("openssh-key-v1\0", "latin1");
const BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END = "-----END OPENSSH PRIVATE KEY-----";
const LINE_LENGTH = 70;
/** What the private part is padded to a multiple of when it is not encrypted. */
const BLOCK_BYTES = 8;
/** A number of an RSA key of 16,384 bits. */
const NUMBER_MAX_BYTES = 2_048;

/** The fields of a JSON Web Key that are numbers. */
type JwkNumber = "n" | "e" | "d" | "p" | "q" | "qi" | "x" | "y";

/** The key, and the public key that stands beside it in the file. */
export interface OpensshPrivateKey {
  readonly keyObject: KeyObject;
  readonly publicBlob: Buffer;
}

/** Throws a SshKeyError, or what `node:crypto` says of a key that is none. */
export function readOpensshPrivateKey(text: string): OpensshPrivateKey {
  const reader = new MessageReader(readArmour(text), MAGIC.length);
  const cipher = reader.text();
  const derivation = reader.text();
  const derivationOptions = reader.string();
  if (cipher !== "none") {
    throw new SshKeyError(
      "the key is encrypted; OpenSSH's format is read only without a passphrase, which " +
        '`ssh-keygen -p -N "" -f FILE` takes away',
    );
  }
  if (derivation !== "none" || derivationOptions.length > 0) {
    throw new SshKeyError("the file is damaged: without a cipher nothing is derived");
  }
  const keys = reader.uint32();
  if (keys !== 1) throw new SshKeyError(`a file of ${keys} keys; it must be one`);
  const publicBlob = reader.string();
  const inner = new MessageReader(reader.string(), 0);
  reader.end();
  const check = inner.uint32();
  if (inner.uint32() !== check) throw new SshKeyError("the file is damaged");
  const jwk = readNumbers(inner);
  inner.string();
  for (let expected = 1; inner.remainingBytes > 0; expected++) {
    if (inner.byte() !== expected) throw new SshKeyError("the file is damaged: wrong padding");
  }
  return {
    keyObject: createPrivateKey({ key: jwk, format: "jwk" }),
    publicBlob,
  };
}

/** The text of a file that OpenSSH reads, too. */
export function writeOpensshPrivateKey(
  keyObject: KeyObject,
  publicBlob: Uint8Array,
  comment: string,
): string {
  // Equal numbers show after a decryption that the passphrase was right; here nothing is encrypted.
  const check = createHash("sha256").update(publicBlob).digest().readUInt32BE();
  const inner = new MessageWriter().uint32(check).uint32(check);
  writeNumbers(inner, keyObject.export({ format: "jwk" }));
  const numbers = inner.string(comment).finish();
  const paddingBytes = (BLOCK_BYTES - (numbers.length % BLOCK_BYTES)) % BLOCK_BYTES;
  const padding = Buffer.from(Array.from({ length: paddingBytes }, (_, index) => index + 1));
  const file = new MessageWriter()
    .raw(MAGIC)
    .string("none")
    .string("none")
    .string("")
    .uint32(1)
    .string(publicBlob)
    .string(Buffer.concat([numbers, padding]))
    .finish();
  const lines = file.toString("base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "gu")) ?? [];
  return [BEGIN, ...lines, END, ""].join("\n");
}

function readArmour(text: string): Buffer {
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END, start);
  if (start < 0 || end < 0) throw new SshKeyError("the file is cut off");
  const base64 = text.slice(start + BEGIN.length, end).replaceAll(/\s/gu, "");
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64) throw new SshKeyError("the file is no base64");
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new SshKeyError("the file is of another version of OpenSSH's format");
  }
  return bytes;
}

function readNumbers(inner: MessageReader): webcrypto.JsonWebKey {
  const type = inner.text();
  if (type === ED25519) {
    const x = inner.string();
    // The secret, and the public key once more behind it.
    const secret = inner.string();
    if (secret.length !== 64 || x.length !== 32 || !secret.subarray(32).equals(x)) {
      throw new SshKeyError("an Ed25519 key is damaged");
    }
    return { kty: "OKP", crv: "Ed25519", x: encode(x), d: encode(secret.subarray(0, 32)) };
  }
  if (type === RSA) return readRsaNumbers(inner);
  const curve = CURVES.find((candidate) => candidate.type === type);
  if (curve === undefined) throw new SshKeyError(`keys of type ${quoteName(type)} are not taken`);
  const { coordinateBytes, jwkName } = curve;
  const name = inner.text();
  const point = inner.string();
  if (name !== curve.name || point.length !== 1 + 2 * coordinateBytes || point[0] !== 4) {
    throw new SshKeyError("an ECDSA key is damaged");
  }
  const d = padDigits(readMpint(inner, coordinateBytes, "the secret number"), coordinateBytes);
  const x = point.subarray(1, 1 + coordinateBytes);
  const y = point.subarray(1 + coordinateBytes);
  return { kty: "EC", crv: jwkName, x: encode(x), y: encode(y), d: encode(d) };
}

function readRsaNumbers(inner: MessageReader): webcrypto.JsonWebKey {
  const read = (what: string): Buffer => readMpint(inner, NUMBER_MAX_BYTES, what);
  const [n, e, d] = [read("n"), read("e"), read("d")];
  const [qi, p, q] = [read("iqmp"), read("p"), read("q")];
  const [first, second] = [toNumber(p), toNumber(q)];
  // With wrong factors it would sign all the same, only slower: the product is checked.
  if (first * second !== toNumber(n) || (toNumber(qi) * second) % first !== 1n) {
    throw new SshKeyError("an RSA key is damaged: its factors are not its own");
  }
  // The file leaves out what follows from the rest.
  const [dp, dq] = [first, second].map((prime) => toDigits(toNumber(d) % (prime - 1n)));
  return {
    kty: "RSA",
    ...{ n: encode(n), e: encode(e), d: encode(d) },
    ...{ p: encode(p), q: encode(q), dp: encode(dp!), dq: encode(dq!), qi: encode(qi) },
  };
}

function writeNumbers(inner: MessageWriter, jwk: webcrypto.JsonWebKey): void {
  const field = (name: JwkNumber): Buffer => Buffer.from(jwk[name] ?? "", "base64url");
  if (jwk.kty === "OKP") {
    inner
      .string(ED25519)
      .string(field("x"))
      .string(Buffer.concat([field("d"), field("x")]));
    return;
  }
  if (jwk.kty === "RSA") {
    inner.string(RSA);
    for (const name of ["n", "e", "d", "qi", "p", "q"] as const) inner.mpint(field(name));
    return;
  }
  const curve = CURVES.find(({ jwkName }) => jwkName === jwk.crv);
  if (curve === undefined) throw new SshKeyError(`a key on the curve ${jwk.crv}`);
  const point = Buffer.concat([Buffer.of(4), field("x"), field("y")]);
  inner.string(curve.type).string(curve.name).string(point).mpint(field("d"));
}

function toNumber(digits: Buffer): bigint {
  return BigInt(`0x${digits.toString("hex")}`);
}

function toDigits(number: bigint): Buffer {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
}

function encode(digits: Buffer): string {
  return digits.toString("base64url");
}

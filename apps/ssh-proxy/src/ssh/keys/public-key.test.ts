import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { generatePrivateKey } from "./generate-private-key.ts";
import { createSigner, type PrivateKey } from "./private-key.ts";
import { parsePublicKey } from "./public-key.ts";
import { parsePublicKeyLine } from "./public-key-line.ts";
import { KEY_LINES, rsaBlob } from "./testing/key-blobs.ts";

const data = Buffer.from("what is signed");
const ed25519 = generatePrivateKey("ssh-ed25519").privateKey;
const ecdsa = generatePrivateKey("ecdsa-sha2-nistp256").privateKey;
const rsaObject = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const rsa = createSigner(rsaObject);
const KEYS: readonly PrivateKey[] = [ed25519, ecdsa, rsa];

/** The order of the group of P-256 and of Ed25519. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

describe("a public key", () => {
  it("has the fingerprint and the length that ssh-keygen says", () => {
    for (const { line, fingerprint, bits } of KEY_LINES) {
      const { key } = parsePublicKeyLine(line);
      assert.deepEqual([key.fingerprint, key.bits], [fingerprint, bits]);
    }
  });

  it("keeps a copy: what becomes of the message it came in does not change it", () => {
    const message = Buffer.from(ed25519.publicKey.blob);
    const key = parsePublicKey(message);
    message.fill(0);
    assert.deepEqual(key.blob, ed25519.publicKey.blob);
    assert.ok(key.verify("ssh-ed25519", data, ed25519.sign("ssh-ed25519", data)));
  });

  it("is refused when it is cut off anywhere, or goes on (golang.org/x/crypto, b27e150)", () => {
    for (const { publicKey } of KEYS) {
      const { blob } = publicKey;
      for (let length = 0; length < blob.length; length++) refuses(blob.subarray(0, length));
      refuses(Buffer.concat([blob, Buffer.of(0)]), /1 bytes too many/u);
    }
  });

  it("of RSA has 2,048 to 16,384 bits (golang.org/x/crypto, CVE-2026-39829)", () => {
    for (const bits of [2_048, 2_049, 3_072, 16_384]) {
      assert.equal(parsePublicKey(rsaBlob(bits)).bits, bits);
    }
    for (const bits of [512, 1_024, 2_047]) refuses(rsaBlob(bits), /bits; from 2048 to 16384/u);
    for (const bits of [16_385, 16_392, 32_768, 1_000_000]) refuses(rsaBlob(bits), /at most/u);
  });

  it("of RSA has an odd exponent above 1 that is not long", () => {
    for (const exponent of [[3], [17], [1, 0, 1], [0xff, 0xff, 0xff, 0xff]]) {
      parsePublicKey(rsaBlob(2_048, exponent));
    }
    for (const exponent of [[], [1], [2], [1, 0, 0]])
      refuses(rsaBlob(2_048, exponent), /exponent/u);
    refuses(rsaBlob(2_048, [1, 0, 0, 0, 1]), /exponent has 5 bytes; at most 4/u);
  });

  it("of RSA is not written in a second way: no negative, padded or even numbers", () => {
    const { n, e } = rsaObject.export({ format: "jwk" });
    const [modulus, exponent] = [bytesOf(n), bytesOf(e)];
    const write = (first: Buffer, second: Buffer): Buffer =>
      new MessageWriter().string("ssh-rsa").string(first).string(second).finish();
    const zero = Buffer.of(0);
    parsePublicKey(write(exponent, Buffer.concat([zero, modulus])));
    refuses(write(exponent, modulus), /modulus is negative/u);
    refuses(write(exponent, Buffer.concat([zero, zero, modulus])), /0 that it does not need/u);
    refuses(write(Buffer.concat([zero, exponent]), Buffer.concat([zero, modulus])), /not need/u);
    modulus[modulus.length - 1]! &= 0xfe;
    refuses(write(exponent, Buffer.concat([zero, modulus])), /even/u);
  });

  it("of ECDSA is an uncompressed point on the curve that its type names", () => {
    const type = "ecdsa-sha2-nistp256";
    const write = (curve: string, point: Buffer): Buffer =>
      new MessageWriter().string(type).string(curve).string(point).finish();
    const reader = new MessageReader(ecdsa.publicKey.blob, 0);
    reader.string();
    reader.string();
    const point = Buffer.from(reader.string());
    parsePublicKey(write("nistp256", point));
    refuses(write("nistp384", point), /on the curve "nistp384"/u);
    refuses(write("nistp256", point.subarray(0, 33)), /uncompressed/u);
    refuses(write("nistp256", Buffer.of(0)), /uncompressed/u);
    point[0] = 6;
    refuses(write("nistp256", point), /uncompressed/u);
  });

  it("that is no point of its curve checks no signature", () => {
    const signature = ecdsa.sign("ecdsa-sha2-nistp256", data);
    const blob = Buffer.from(ecdsa.publicKey.blob);
    blob[blob.length - 1]! ^= 1;
    assert.equal(parsePublicKey(blob).verify("ecdsa-sha2-nistp256", data, signature), false);
    blob.fill(0, blob.length - 64);
    assert.equal(parsePublicKey(blob).verify("ecdsa-sha2-nistp256", data, signature), false);
  });

  it("of another type is refused, and its name is escaped and cut", () => {
    for (const type of [
      "ssh-dss",
      "sk-ssh-ed25519@openssh.com",
      "constructor",
      "x".repeat(2_000),
    ]) {
      refuses(new MessageWriter().string(type).string("x").finish(), /type "[^"]{1,64}" are not/u);
    }
    const message = refuses(new MessageWriter().string("a\u001b[2J\nb").finish());
    assert.doesNotMatch(message, /\p{Cc}/u);
  });
});

describe("a signature", () => {
  it("holds for its key, its data and its algorithm, and for no other", () => {
    for (const { publicKey, sign: signData } of KEYS.map(bind)) {
      for (const algorithm of publicKey.signatureAlgorithms) {
        const signature = signData(algorithm, data);
        assert.equal(publicKey.verify(algorithm, data, signature), true);
        assert.equal(publicKey.verify(algorithm, Buffer.from("other"), signature), false);
        for (const other of KEYS.flatMap((key) => key.publicKey.signatureAlgorithms)) {
          if (other === algorithm) continue;
          assert.equal(publicKey.verify(other, data, signature), false, `${algorithm} ${other}`);
          const renamed = rename(signature, other);
          assert.equal(publicKey.verify(algorithm, data, renamed), false);
          assert.equal(publicKey.verify(other, data, renamed), false);
        }
        for (const key of KEYS) {
          if (key.publicKey === publicKey) continue;
          assert.equal(key.publicKey.verify(algorithm, data, signature), false);
        }
      }
    }
  });

  it("is refused with any byte changed, cut off or added", () => {
    for (const { publicKey, sign: signData } of KEYS.map(bind)) {
      const algorithm = publicKey.signatureAlgorithms[0]!;
      const signature = signData(algorithm, data);
      for (let at = 0; at < signature.length; at++) {
        const changed = Buffer.from(signature);
        changed[at]! ^= 1 << (at % 8);
        assert.equal(publicKey.verify(algorithm, data, changed), false, `${algorithm} ${at}`);
        assert.equal(publicKey.verify(algorithm, data, signature.subarray(0, at)), false);
      }
      const longer = Buffer.concat([signature, Buffer.of(0)]);
      assert.equal(publicKey.verify(algorithm, data, longer), false);
    }
  });

  it("of SHA-1, ssh-rsa, is refused however right it is", () => {
    const bytes = sign("sha1", data, rsaObject);
    for (const name of ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"]) {
      const signature = new MessageWriter().string(name).string(bytes).finish();
      for (const algorithm of ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"]) {
        assert.equal(rsa.publicKey.verify(algorithm, data, signature), false);
      }
    }
    assert.throws(() => rsa.sign("ssh-rsa", data), /does not sign with "ssh-rsa"/u);
  });

  it("of RSA-PSS is no signature of rsa-sha2", () => {
    const padding = 6;
    const bytes = sign("sha512", data, { key: rsaObject, padding });
    const signature = new MessageWriter().string("rsa-sha2-512").string(bytes).finish();
    assert.equal(rsa.publicKey.verify("rsa-sha2-512", data, signature), false);
  });

  it("of RSA may lack its leading 0s, as old PuTTYs send it, and have none too many", () => {
    const algorithm = "rsa-sha2-256";
    for (let count = 0; ; count++) {
      const text = Buffer.from(`text ${count}`);
      const bytes = inner(rsa.sign(algorithm, text));
      const wrap = (value: Buffer): Buffer =>
        new MessageWriter().string(algorithm).string(value).finish();
      const longer = Buffer.concat([Buffer.of(0), bytes]);
      assert.equal(rsa.publicKey.verify(algorithm, text, wrap(longer)), false);
      if (bytes[0] !== 0) continue;
      assert.equal(rsa.publicKey.verify(algorithm, text, wrap(bytes.subarray(1))), true);
      break;
    }
    const empty = new MessageWriter().string(algorithm).string("").finish();
    assert.equal(rsa.publicKey.verify(algorithm, data, empty), false);
  });

  it("of ECDSA has r and s from 1 to the order of the curve, in the one form there is", () => {
    const algorithm = "ecdsa-sha2-nistp256";
    const reader = new MessageReader(inner(ecdsa.sign(algorithm, data)), 0);
    const [r, s] = [toNumber(reader.string()), toNumber(reader.string())];
    const holds = (first: Buffer, second: Buffer, rest = Buffer.alloc(0)): boolean => {
      const pair = new MessageWriter().string(first).string(second).raw(rest).finish();
      const signature = new MessageWriter().string(algorithm).string(pair).finish();
      return ecdsa.publicKey.verify(algorithm, data, signature);
    };
    const [goodR, goodS] = [toMpint(r), toMpint(s)];
    assert.equal(holds(goodR, goodS), true);
    assert.equal(holds(goodR, goodS, Buffer.of(0)), false);
    assert.equal(holds(goodS, goodR), false);
    for (const bad of [0n, 1n, P256_ORDER, r + P256_ORDER, P256_ORDER - r, 2n ** 256n - 1n]) {
      assert.equal(holds(toMpint(bad), goodS), false, `r ${bad}`);
    }
    for (const bad of [0n, 1n, P256_ORDER, s + P256_ORDER, P256_ORDER + 1n, 2n ** 4096n - 1n]) {
      assert.equal(holds(goodR, toMpint(bad)), false, `s ${bad}`);
    }
    const zero = Buffer.of(0);
    assert.equal(holds(Buffer.concat([zero, goodR]), goodS), false);
    assert.equal(holds(goodR, Buffer.concat([zero, zero, goodS])), false);
    assert.equal(holds(zero, zero), false);
    assert.equal(holds(Buffer.of(0xff), goodS), false);
  });

  it("of ECDSA in the form of TLS and files (DER) is refused", () => {
    const object = createPrivateKey(
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
        format: "pem",
        type: "pkcs8",
      }),
    );
    const key = createSigner(object).publicKey;
    const algorithm = "ecdsa-sha2-nistp256";
    for (const dsaEncoding of ["der", "ieee-p1363"] as const) {
      const bytes = sign("sha256", data, { key: object, dsaEncoding });
      const signature = new MessageWriter().string(algorithm).string(bytes).finish();
      assert.equal(key.verify(algorithm, data, signature), false);
    }
  });

  it("of Ed25519 has an s below the order: there is no second signature", () => {
    const bytes = Buffer.from(inner(ed25519.sign("ssh-ed25519", data)));
    const s = toNumber(Buffer.from(bytes.subarray(32)).reverse()) + ED25519_ORDER;
    const digits = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
    const second = Buffer.concat([bytes.subarray(0, 32), digits]);
    const signature = new MessageWriter().string("ssh-ed25519").string(second).finish();
    assert.equal(ed25519.publicKey.verify("ssh-ed25519", data, signature), false);
    // One signature in 256 begins with a 0, which a number could do without.
    for (let count = 0; ; count++) {
      const signed = Buffer.from(String(count));
      const whole = Buffer.from(inner(ed25519.sign("ssh-ed25519", signed)));
      if (whole[0] !== 0) continue;
      const shorter = new MessageWriter().string("ssh-ed25519").string(whole.subarray(1)).finish();
      assert.equal(ed25519.publicKey.verify("ssh-ed25519", signed, shorter), false);
      break;
    }
  });

  it("is made for any data and holds for it", () => {
    const any = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.constantFrom(ed25519, ecdsa), any, any, (key, first, second) => {
        const algorithm = key.publicKey.signatureAlgorithms[0]!;
        const signature = key.sign(algorithm, first);
        const key2 = parsePublicKey(key.publicKey.blob);
        assert.equal(key2.verify(algorithm, first, signature), true);
        const same = Buffer.compare(first, second) === 0;
        assert.equal(key2.verify(algorithm, second, signature), same);
      }),
    );
  });
});

/** Asserts that it is refused with a SshKeyError; its message. */
function refuses(blob: Uint8Array, message: RegExp = /./u): string {
  let text = "";
  assert.throws(
    () => parsePublicKey(blob),
    (error) => {
      assert.ok(error instanceof Error);
      text = error.message;
      return error.name === "SshKeyError" && message.test(text);
    },
  );
  return text;
}

function bind(key: PrivateKey) {
  return { publicKey: key.publicKey, sign: key.sign.bind(key) };
}

function inner(signature: Buffer): Buffer {
  const reader = new MessageReader(signature, 0);
  reader.string();
  return reader.string();
}

function rename(signature: Buffer, name: string): Buffer {
  return new MessageWriter().string(name).string(inner(signature)).finish();
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function toMpint(number: bigint): Buffer {
  const digits = number.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  return new MessageWriter().mpint(bytes).finish().subarray(4);
}

function bytesOf(digits: string | undefined): Buffer {
  return Buffer.from(digits ?? "", "base64url");
}

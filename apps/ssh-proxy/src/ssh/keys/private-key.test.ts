import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { generatePrivateKey } from "./generate-private-key.ts";
import { parsePrivateKey } from "./private-key.ts";

const TYPES = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"] as const;
const made = TYPES.map((type) => generatePrivateKey(type, "of a test"));

/** Made by `ssh-keygen -t ed25519 -N passphrase`. */
const ENCRYPTED = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABAyhn9wm/
Lk8+4vtvaeSvg0AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIEKhGXK1VEWE3VG/
HC2pj0dt/WdJWrQOGyCbCQQ3kmlYAAAAoMTX6rPSE1SOt7b2TyKzQhbVhOFvEfBRo7SoCW
FJfnN1OSNrX+doOsauzY5iiJA19CAbV0eSjM/hl9NJlh1ATURcpEtwifSGqnBf545IrhmF
eHfi9PZBpyp3tp4mXLkWhxtABYESknhpjpsrWSLqRvtqa4Y51An2lmbPUGkdQN7NZ4td3S
rhDOFALojB5LjcT7JLV8JPPsl9N2+ICxoRXWI=
-----END OPENSSH PRIVATE KEY-----
`;

describe("a private key's file", () => {
  it("is read back as it was made", () => {
    for (const { privateKey, openssh } of made) {
      for (const text of [openssh, openssh.replaceAll("\n", "\r\n"), `text\n${openssh}text`]) {
        assert.deepEqual(parsePrivateKey(text).publicKey.blob, privateKey.publicKey.blob);
      }
    }
  });

  it("may be PEM of any of these types", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    assert.equal(parsePrivateKey(pem).publicKey.type, "ssh-ed25519");
    const ec = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    const sec1 = ec.export({ type: "sec1", format: "pem" });
    assert.equal(parsePrivateKey(sec1).publicKey.type, "ecdsa-sha2-nistp384");
  });

  it("is refused when it is damaged anywhere, with an error of ours", () => {
    for (const { privateKey, openssh } of made) {
      const lines = openssh.split("\n");
      const bytes = Buffer.from(lines.slice(1, -2).join(""), "base64");
      const wrap = (value: Buffer): string =>
        [lines[0], value.toString("base64"), lines.at(-2)].join("\n");
      assert.doesNotThrow(() => parsePrivateKey(wrap(bytes)));
      const commentAt = bytes.lastIndexOf("of a test");
      const step = privateKey.publicKey.type === "ssh-rsa" ? 13 : 1;
      for (let at = 0; at < bytes.length; at += step) {
        // The comment says what it likes.
        if (at >= commentAt && at < commentAt + "of a test".length) continue;
        const changed = Buffer.from(bytes);
        changed[at]! ^= 0x10;
        assert.throws(() => parsePrivateKey(wrap(changed)), { name: "SshKeyError" }, `byte ${at}`);
        assert.throws(() => parsePrivateKey(wrap(bytes.subarray(0, at))), { name: "SshKeyError" });
      }
    }
  });

  it("says what is wrong with it", () => {
    const { openssh, publicLine } = made[0]!;
    const [dsa, rsaPss, secp256k1, x25519] = [
      generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }),
      generateKeyPairSync("rsa-pss", { modulusLength: 2048 }),
      generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
      generateKeyPairSync("x25519"),
    ].map(({ privateKey }) => privateKey.export({ type: "pkcs8", format: "pem" }));
    const wrong: readonly (readonly [string | undefined, RegExp])[] = [
      ["", /no private key in it/u],
      ["hello", /no private key in it/u],
      [publicLine, /a public key; its private key is needed/u],
      ["PuTTY-User-Key-File-3: ssh-ed25519\n", /puttygen FILE -O private-openssh/u],
      [ENCRYPTED, /encrypted.*ssh-keygen -p -N "" -f FILE/u],
      [openssh.slice(0, 200), /cut off/u],
      [openssh.replace("b3Bl", "b3!l"), /no base64/u],
      [openssh.replace("b3Bl", "b4Bl"), /another version/u],
      ["x".repeat(70_000), /70000 characters; at most 65536/u],
      ["-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", /damaged/u],
      [dsa, /type dsa; it must be ed25519, ecdsa or rsa/u],
      [rsaPss, /type rsa-pss; it must be/u],
      [x25519, /type x25519; it must be/u],
      [secp256k1, /curve secp256k1, which is not taken/u],
    ];
    for (const [text, message] of wrong) {
      assert.throws(() => parsePrivateKey(text!), { name: "SshKeyError", message });
    }
  });

  it("with another key's public key in it is refused", () => {
    const [first, second] = [made[0]!, generatePrivateKey("ssh-ed25519", "of a test")];
    const bytesOf = (text: string): Buffer =>
      Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
    const [one, two] = [bytesOf(first.openssh), bytesOf(second.openssh)];
    // The head with the public key is 98 bytes long: magic, cipher, kdf, options, count, blob.
    const mixed = Buffer.concat([one.subarray(0, 94), two.subarray(94)]).toString("base64");
    const text = first.openssh.replace(/\n[^-]+/u, `\n${mixed}\n`);
    assert.throws(() => parsePrivateKey(text), /another key's/u);
  });
});

describe("a private key", () => {
  it("signs with the algorithms of its type only", () => {
    for (const { privateKey } of made) {
      const { signatureAlgorithms } = privateKey.publicKey;
      for (const name of [...TYPES, "rsa-sha2-256", "rsa-sha2-512", "none", "constructor"]) {
        if (signatureAlgorithms.includes(name)) continue;
        assert.throws(() => privateKey.sign(name, Buffer.alloc(1)), { name: "SshKeyError" });
      }
    }
  });

  it("shows nothing of itself to a log", () => {
    for (const { privateKey, openssh } of made) {
      const shown =
        inspect(privateKey, { depth: 9, showHidden: true }) + JSON.stringify(privateKey);
      for (const line of openssh.split("\n").slice(3, -3)) assert.ok(!shown.includes(line));
      assert.doesNotMatch(shown, /PrivateKeyObject/u);
    }
  });

  it("has no line feed in the comment it is made with", () => {
    assert.throws(() => generatePrivateKey("ssh-ed25519", "a\nb"), RangeError);
  });
});

/** Keys and signatures against OpenSSH's ssh-keygen, both ways. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { generatePrivateKey } from "./generate-private-key.ts";
import { parsePrivateKey } from "./private-key.ts";
import { parsePublicKeyLine } from "./public-key-line.ts";
import { SshKeygen, withoutSshKeygen } from "./testing/ssh-keygen.ts";

const KINDS = [
  { name: "ed25519", args: ["-t", "ed25519"], pem: [] },
  { name: "nistp256", args: ["-t", "ecdsa", "-b", "256"], pem: ["PEM", "PKCS8"] },
  { name: "nistp384", args: ["-t", "ecdsa", "-b", "384"], pem: ["PEM", "PKCS8"] },
  { name: "nistp521", args: ["-t", "ecdsa", "-b", "521"], pem: ["PEM", "PKCS8"] },
  { name: "rsa2048", args: ["-t", "rsa", "-b", "2048"], pem: ["PEM", "PKCS8"] },
] as const;
const message = Buffer.from("a message of the test");

describe("with ssh-keygen as the referee", { skip: withoutSshKeygen }, () => {
  const keygen = new SshKeygen();
  after(() => keygen[Symbol.dispose]());

  for (const { name, args, pem } of KINDS) {
    it(`${name}: its files are read, its fingerprint and its signatures are ours`, () => {
      const { text, line } = keygen.generate(name, ...args);
      const { key, comment, options } = parsePublicKeyLine(line);
      assert.deepEqual([comment, options], [`${name} of a test`, []]);
      const [bits, fingerprint] = keygen.run(["-lf", name]).split(" ");
      assert.deepEqual([String(key.bits), key.fingerprint], [bits, fingerprint]);

      const privateKey = parsePrivateKey(text);
      assert.deepEqual(privateKey.publicKey.blob, key.blob);
      const { data, signature } = keygen.sign(name, message);
      const algorithm = key.signatureAlgorithms[0]!;
      assert.equal(key.verify(algorithm, data, signature), true);
      assert.equal(key.verify(algorithm, Buffer.concat([data, Buffer.of(0)]), signature), false);
      for (const each of key.signatureAlgorithms) {
        assert.match(keygen.check(privateKey, each, message), /Good/u);
      }
      // A number with a 0 in front comes once in 256 signatures.
      for (let count = 0; count < 600 && key.bits === 256; count++) {
        const other = Buffer.from(`message ${count}`);
        assert.ok(key.verify(algorithm, other, privateKey.sign(algorithm, other)));
      }
    });

    for (const format of pem) {
      it(`${name}: its file in the format ${format} is read, encrypted or not`, () => {
        const file = `${name}-${format}`;
        const { text, line } = keygen.generate(file, ...args, "-m", format);
        assert.doesNotMatch(text, /OPENSSH/u);
        const { key } = parsePublicKeyLine(line);
        assert.deepEqual(parsePrivateKey(text).publicKey.blob, key.blob);
        keygen.run(["-q", "-p", "-m", format, "-N", "opensesame", "-f", file]);
        const encrypted = keygen.read(file);
        assert.deepEqual(parsePrivateKey(encrypted, "opensesame").publicKey.blob, key.blob);
        assert.throws(() => parsePrivateKey(encrypted, "other"), /passphrase is wrong/u);
        assert.throws(() => parsePrivateKey(encrypted), /encrypted, and no passphrase/u);
      });
    }
  }

  it("an encrypted file of OpenSSH's format is refused with what to do about it", () => {
    keygen.run(["-q", "-t", "ed25519", "-N", "opensesame", "-f", "secret"]);
    assert.throws(
      () => parsePrivateKey(keygen.read("secret"), "opensesame"),
      /^SshKeyError: the key is encrypted.*ssh-keygen -p -N "" -f FILE/u,
    );
    keygen.run(["-q", "-p", "-P", "opensesame", "-N", "", "-f", "secret"]);
    parsePrivateKey(keygen.read("secret"));
  });

  it("keys that we do not take are refused with a reason", () => {
    const weak = keygen.generate("weak", "-t", "rsa", "-b", "1024");
    assert.throws(() => parsePublicKeyLine(weak.line), /RSA key of 1024 bits; from 2048 to 16384/u);
    assert.throws(() => parsePrivateKey(weak.text), /RSA key of 1024 bits; from 2048 to 16384/u);
    const old = keygen.generate("old", "-t", "dsa");
    assert.throws(() => parsePublicKeyLine(old.line), /type "ssh-dss" are not taken/u);
    assert.throws(() => parsePrivateKey(old.text), /type "ssh-dss" are not taken/u);
  });

  for (const type of ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"] as const) {
    it(`reads the ${type} keys that we make, and says the same of them`, () => {
      const made = generatePrivateKey(type, "demo key");
      keygen.write(`made-${type}`, made.openssh);
      assert.equal(keygen.run(["-y", "-f", `made-${type}`]).trim(), made.publicLine);
      const { fingerprint, bits } = made.privateKey.publicKey;
      const said = keygen.run(["-lf", `made-${type}`]);
      assert.ok(said.startsWith(`${bits} ${fingerprint} demo key (`), said);
      assert.deepEqual(
        parsePrivateKey(made.openssh).publicKey.blob,
        made.privateKey.publicKey.blob,
      );
      assert.deepEqual(
        parsePublicKeyLine(made.publicLine).key.blob,
        made.privateKey.publicKey.blob,
      );
    });
  }
});

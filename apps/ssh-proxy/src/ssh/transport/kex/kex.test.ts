import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { describe, it } from "node:test";
import { KEX_METHODS } from "../algorithms.ts";
import { USUAL_INIT } from "../testing/raw-peer.ts";
import { agreementOf } from "./agreements.ts";
import { type Exchange, exchangeHash, keysFor } from "./exchange-hash.ts";
import { readKexInit, writeKexInit } from "./kex-init.ts";
import { ML_KEM_AGREEMENT, ML_KEM_IS_SUPPORTED } from "./ml-kem.ts";
import { isWrongGuess, negotiate } from "./negotiate.ts";
import { agreeX25519, generateX25519 } from "./x25519.ts";

function string(bytes: Uint8Array | string): Buffer {
  const content = Buffer.from(bytes as string, "latin1");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function sha256(...parts: Uint8Array[]): Buffer {
  return crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
}

describe("X25519", () => {
  it("gives the answers of RFC 7748, 6.1", () => {
    const privateKeyOf = (digits: string): crypto.KeyObject =>
      crypto.createPrivateKey({
        key: Buffer.from(`302e020100300506032b656e04220420${digits}`, "hex"),
        format: "der",
        type: "pkcs8",
      });
    const alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    const alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    const bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    const bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    const secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    const toAlice = agreeX25519(privateKeyOf(alice), Buffer.from(bobPublic, "hex"));
    const toBob = agreeX25519(privateKeyOf(bob), Buffer.from(alicePublic, "hex"));
    assert.deepEqual([toAlice.toString("hex"), toBob.toString("hex")], [secret, secret]);
  });
});

describe("every method of key exchange", () => {
  for (const kex of KEX_METHODS) {
    it(`gives both sides the same secret, and another one each time: ${kex}`, () => {
      const seen = new Set<string>();
      for (let count = 0; count < 20; count++) {
        const client = agreementOf(kex).begin();
        const { share, secret } = agreementOf(kex).answer(client.share);
        assert.deepEqual(client.finish(share), secret);
        assert.equal(secret.readUInt32BE(0), secret.length - 4);
        seen.add(secret.toString("hex"));
      }
      assert.equal(seen.size, 20);
    });
  }

  it("on a NIST curve takes no point but an uncompressed one (RFC 5656, 4)", () => {
    for (const [kex, curve] of [
      ["ecdh-sha2-nistp256", "prime256v1"],
      ["ecdh-sha2-nistp384", "secp384r1"],
      ["ecdh-sha2-nistp521", "secp521r1"],
    ] as const) {
      const ecdh = crypto.createECDH(curve);
      ecdh.generateKeys();
      agreementOf(kex).answer(ecdh.getPublicKey(null, "uncompressed"));
      for (const form of ["compressed", "hybrid"] as const) {
        const point = ecdh.getPublicKey(null, form);
        assert.throws(() => agreementOf(kex).answer(point), /is no point of/);
        assert.throws(() => agreementOf(kex).begin().finish(point), /is no point of/);
      }
    }
  });

  it("that is not known is a mistake of the caller", () => {
    assert.throws(() => agreementOf("diffie-hellman-group14-sha256"), RangeError);
  });
});

describe("mlkem768x25519-sha256", { skip: !ML_KEM_IS_SUPPORTED }, () => {
  const kem = crypto.generateKeyPairSync("ml-kem-768");
  const kemKey = kem.publicKey.export({ type: "spki", format: "der" }).subarray(-1_184);

  it("is laid out as its draft says: ML-KEM before X25519, the secret a string", () => {
    const x25519 = generateX25519();
    const answer = ML_KEM_AGREEMENT.answer(Buffer.concat([kemKey, x25519.share]));
    assert.equal(answer.share.length, 1_088 + 32);
    const kemSecret = crypto.decapsulate(kem.privateKey, answer.share.subarray(0, 1_088));
    const x25519Secret = agreeX25519(x25519.privateKey, answer.share.subarray(1_088));
    assert.deepEqual(answer.secret, string(sha256(kemSecret, x25519Secret)));
    assert.equal(ML_KEM_AGREEMENT.begin().share.length, 1_184 + 32);
  });

  it("gives another secret for a ciphertext that was changed", () => {
    const client = ML_KEM_AGREEMENT.begin();
    const { share, secret } = ML_KEM_AGREEMENT.answer(client.share);
    share[500]! ^= 1;
    assert.notDeepEqual(client.finish(share), secret);
  });

  it("refuses small points in its X25519 half", () => {
    const zero = Buffer.alloc(32);
    assert.throws(() => ML_KEM_AGREEMENT.answer(Buffer.concat([kemKey, zero])), /small order/);
    const client = ML_KEM_AGREEMENT.begin();
    const { share } = ML_KEM_AGREEMENT.answer(client.share);
    share.fill(0, 1_088);
    assert.throws(() => client.finish(share), /small order/);
  });
});

describe("the exchange hash and the keys", () => {
  const exchange: Exchange = {
    clientIdent: "SSH-2.0-client",
    serverIdent: "SSH-2.0-\xe9",
    clientInit: Buffer.from("client init"),
    serverInit: Buffer.from("server init"),
    hostKey: Buffer.from("host key"),
    clientShare: Buffer.from("client share"),
    serverShare: Buffer.from("server share"),
    secret: string("secret"),
  };

  it("are what RFC 4253, 8 and 7.2 say", () => {
    const { clientIdent, serverIdent, clientInit, serverInit, hostKey, ...shares } = exchange;
    const hash = exchangeHash("sha256", exchange);
    const parts = [clientIdent, serverIdent, clientInit, serverInit, hostKey];
    const wanted = sha256(
      ...parts.map(string),
      string(shares.clientShare),
      string(shares.serverShare),
      shares.secret,
    );
    assert.deepEqual(hash, wanted);

    const { secret } = exchange;
    const sessionId = Buffer.from("session");
    const from = { hash: "sha256", secret, exchangeHash: hash, sessionId } as const;
    const first = (letter: string): Buffer => sha256(secret, hash, Buffer.from(letter), sessionId);
    assert.deepEqual(keysFor("client", from).iv(12), first("A").subarray(0, 12));
    assert.deepEqual(keysFor("server", from).iv(16), first("B").subarray(0, 16));
    assert.deepEqual(keysFor("client", from).cipherKey(32), first("C"));
    assert.deepEqual(keysFor("server", from).cipherKey(16), first("D").subarray(0, 16));
    const second = sha256(secret, hash, first("E"));
    const third = sha256(secret, hash, first("E"), second);
    const long = Buffer.concat([first("E"), second, third]).subarray(0, 70);
    assert.deepEqual(keysFor("client", from).macKey(70), long);
    assert.deepEqual(keysFor("server", from).macKey(32), first("F"));
  });
});

describe("KEXINIT", () => {
  it("is read as it was written, with another cookie each time", () => {
    const written = writeKexInit({ ...USUAL_INIT, guessFollows: true });
    assert.deepEqual(readKexInit(written), { ...USUAL_INIT, guessFollows: true });
    assert.notDeepEqual(writeKexInit(USUAL_INIT), writeKexInit(USUAL_INIT));
  });

  it("may have more behind it", () => {
    const longer = Buffer.concat([writeKexInit(USUAL_INIT), Buffer.of(1, 2, 3)]);
    assert.deepEqual(readKexInit(longer), USUAL_INIT);
  });

  it("agrees on the first of the client's that the server has, each direction by itself", () => {
    const client = {
      ...USUAL_INIT,
      ciphersToServer: ["x", "aes256-ctr", "aes128-ctr"],
      ciphersToClient: ["aes256-gcm@openssh.com", "aes128-ctr"],
      macsToServer: ["hmac-sha2-512", "hmac-sha2-256"],
    };
    const server = {
      ...USUAL_INIT,
      ciphersToServer: ["aes128-ctr", "aes256-ctr"],
      ciphersToClient: ["aes128-ctr", "aes256-gcm@openssh.com"],
      macsToServer: ["hmac-sha2-256"],
    };
    assert.deepEqual(negotiate(client, server, client), {
      kex: "curve25519-sha256",
      hostKey: "ssh-ed25519",
      cipherToServer: "aes256-ctr",
      cipherToClient: "aes256-gcm@openssh.com",
      macToServer: "hmac-sha2-256",
      macToClient: "",
    });
  });

  it("says whether a guess was wrong: another first method, or another first host key", () => {
    const guess = { ...USUAL_INIT, guessFollows: true };
    assert.equal(isWrongGuess(USUAL_INIT, guess), false);
    assert.equal(isWrongGuess(USUAL_INIT, { ...guess, kex: ["x"] }), true);
    assert.equal(isWrongGuess(USUAL_INIT, { ...guess, hostKeys: ["x"] }), true);
    assert.equal(isWrongGuess(USUAL_INIT, { ...guess, kex: ["x"], guessFollows: false }), false);
  });
});

/**
 * One recorded exchange with OpenSSH 10.5p1, byte for byte: its signature over our exchange hash
 * and the first packet under its keys say that it got the same secret.
 */
import assert from "node:assert/strict";
import { createPrivateKey, decapsulate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MESSAGE } from "../../message-numbers.ts";
import { MessageReader } from "../../message-reader.ts";
import { parsePublicKey } from "../../keys/public-key.ts";
import { readExtInfo } from "../ext-info.ts";
import { createOpener } from "../packet/choose-cipher.ts";
import { PacketReader } from "../packet/packet-reader.ts";
import { exchangeHash, keysFor } from "./exchange-hash.ts";
import { readKexInit } from "./kex-init.ts";
import { agreeWithServer, ML_KEM_IS_SUPPORTED } from "./ml-kem.ts";
import { negotiate } from "./negotiate.ts";

const file = new URL("testdata/mlkem768x25519-openssh-10.5.json", import.meta.url);
const recorded = JSON.parse(readFileSync(file, "utf8")) as Record<string, string | string[]>;

function bytes(field: string): Buffer {
  return Buffer.from((recorded[field] as string[]).join(""), "base64");
}

function privateKey(field: string): KeyObject {
  return createPrivateKey({ key: bytes(field), format: "der", type: "pkcs8" });
}

const reply = new MessageReader(bytes("serverReply"));
const hostKey = reply.string();
const serverShare = reply.string();
const signature = reply.string();
const secret = Buffer.concat([Buffer.of(0, 0, 0, 32), bytes("secret")]);

function recordedHash(): Buffer {
  return exchangeHash("sha256", {
    clientIdent: recorded["clientIdent"] as string,
    serverIdent: recorded["serverIdent"] as string,
    clientInit: bytes("clientInit"),
    serverInit: bytes("serverInit"),
    ...{ hostKey, clientShare: bytes("clientShare"), serverShare, secret },
  });
}

describe("a recorded exchange with OpenSSH 10.5, mlkem768x25519-sha256", () => {
  it("agreed on what we agree on", () => {
    const client = readKexInit(bytes("clientInit"));
    const negotiated = negotiate(client, readKexInit(bytes("serverInit")), client);
    assert.equal(negotiated.kex, "mlkem768x25519-sha256");
    assert.equal(negotiated.hostKey, "ssh-ed25519");
    assert.equal(negotiated.cipherToClient, "aes128-gcm@openssh.com");
  });

  it("gives its secret again", { skip: !ML_KEM_IS_SUPPORTED }, () => {
    const kem = privateKey("mlKemPrivateKey");
    assert.deepEqual(decapsulate(kem, serverShare.subarray(0, 1_088)), bytes("mlKemSecret"));
    assert.deepEqual(agreeWithServer(kem, privateKey("x25519PrivateKey"), serverShare), secret);
  });

  it("gives its exchange hash again, which OpenSSH signed", () => {
    assert.deepEqual(recordedHash(), bytes("exchangeHash"));
    const key = parsePublicKey(hostKey);
    assert.equal(key.verify("ssh-ed25519", bytes("exchangeHash"), signature), true);
    assert.equal(key.verify("ssh-ed25519", secret, signature), false);
  });

  it("gives the keys under which OpenSSH sent its extensions", () => {
    const hash = bytes("exchangeHash");
    const from = { hash: "sha256", secret, exchangeHash: hash, sessionId: hash } as const;
    const names = { cipher: "aes128-gcm@openssh.com", mac: "" };
    const reader = new PacketReader();
    reader.use(createOpener(names, keysFor("server", from)));
    reader.push(bytes("firstSealedPacket"));
    const payload = reader.next();
    assert.equal(payload?.[0], MESSAGE.extInfo);
    assert.ok(readExtInfo(payload)?.includes("rsa-sha2-512"));
  });
});

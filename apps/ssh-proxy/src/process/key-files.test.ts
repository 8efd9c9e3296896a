import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { ServiceError } from "holdfast";
import { generatePrivateKey } from "../ssh/keys/generate-private-key.ts";
import { BackendKeys, readHostKeys, readKeyFile } from "./key-files.ts";

function folder(test: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
  test.after(() => rmSync(path, { recursive: true }));
  return path;
}

function keyFile(path: string, type: Parameters<typeof generatePrivateKey>[0] = "ssh-ed25519") {
  const made = generatePrivateKey(type, "a key");
  writeFileSync(path, made.openssh);
  return { path, fingerprint: made.privateKey.publicKey.fingerprint };
}

describe("key files", () => {
  it("are read, or named in the error", (test) => {
    const at = folder(test);
    const { path, fingerprint } = keyFile(join(at, "one"));
    assert.equal(readKeyFile(path).publicKey.fingerprint, fingerprint);
    writeFileSync(join(at, "none"), "hello");
    for (const name of ["none", "absent", "."]) {
      assert.throws(
        () => readKeyFile(join(at, name)),
        (error) => error instanceof ServiceError && error.message.startsWith(join(at, name)),
      );
    }
  });

  it("of a host are one of each type", (test) => {
    const at = folder(test);
    const first = keyFile(join(at, "one"));
    const ecdsa = keyFile(join(at, "two"), "ecdsa-sha2-nistp256");
    const again = keyFile(join(at, "three"));
    assert.deepEqual(
      readHostKeys([first.path, ecdsa.path]).map(({ publicKey }) => publicKey.fingerprint),
      [first.fingerprint, ecdsa.fingerprint],
    );
    assert.throws(() => readHostKeys([first.path, again.path]), /two .* of type ssh-ed25519/);
  });
});

describe("keys for backends", () => {
  it("are found by name", async (test) => {
    const { path, fingerprint } = keyFile(join(folder(test), "one"));
    const keys = BackendKeys.read(new Map([["proxy", path]]), undefined);
    assert.equal((await keys.named("proxy")).publicKey.fingerprint, fingerprint);
    await assert.rejects(keys.named("other"), /there is no key other; there are: proxy$/);
  });

  it("are found in a folder, and anew when a file is replaced", async (test) => {
    const at = folder(test);
    const first = keyFile(join(at, "aviato"));
    const keys = BackendKeys.read(new Map(), at);
    assert.equal((await keys.named("aviato")).publicKey.fingerprint, first.fingerprint);
    const second = keyFile(join(at, "aviato"));
    assert.equal((await keys.named("aviato")).publicKey.fingerprint, second.fingerprint);
    rmSync(join(at, "aviato"));
    await assert.rejects(keys.named("aviato"), /there is no key aviato/);
  });

  it("are never looked for outside of their folder", async (test) => {
    const at = folder(test);
    mkdirSync(join(at, "keys"));
    keyFile(join(at, "outside"));
    const keys = BackendKeys.read(new Map(), join(at, "keys"));
    for (const name of ["../outside", "..", ".", "", "a/b", "\0", "x".repeat(300), ".hidden"]) {
      await assert.rejects(keys.named(name), /there is no key/);
    }
    writeFileSync(join(at, "keys", "bad"), "no key");
    await assert.rejects(keys.named("bad"), /bad: /);
  });
});

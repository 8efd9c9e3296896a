/** Who gets in, and what everybody else is told. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "holdfast";
import { generatePrivateKey } from "../ssh/keys/generate-private-key.ts";
import { ProxyWorld, USER, USER_KEY } from "./testing/proxy-world.ts";

const stranger = () => generatePrivateKey("ssh-ed25519").privateKey;

describe("a login", () => {
  it("tries the next key when the first one will not do", async () => {
    const proxied = await ProxyWorld.start();
    await proxied.login([stranger(), stranger(), USER_KEY]);
    assert.equal(proxied.proxy.rows().length, 1);
  });

  it("ends after as many keys as are allowed", async () => {
    const proxied = await ProxyWorld.start();
    const keys = [...Array.from({ length: 6 }, stranger), USER_KEY];
    await assert.rejects(proxied.login(keys), /none of 6 keys is known here/);
    assert.equal(proxied.proxy.counts.connections, 0);
  });

  it("asks for another try, and denies nobody, when keys cannot be looked up", async () => {
    const accounts = { find: () => Promise.reject(new ServiceError("unavailable", "down")) };
    const proxied = await ProxyWorld.start({ accounts });
    await assert.rejects(proxied.login(), /please try again in a moment/);
  });

  it("gives up a look-up that takes too long", async () => {
    const accounts = { find: () => new Promise<never>(() => undefined) };
    const proxied = await ProxyWorld.start({ accounts, proxy: { accountsMs: 1_000 } });
    await assert.rejects(proxied.login(), /please try again|nobody logged in/);
  });

  it("asks for a second key where an account needs two", async () => {
    const second = stranger();
    const fingerprints = new Set([USER.fingerprint, second.publicKey.fingerprint]);
    const accounts = {
      find: (_context: unknown, _user: string, { fingerprint }: { fingerprint: string }) =>
        Promise.resolve(
          fingerprints.has(fingerprint) ? { ...USER, fingerprint, keysNeeded: 2 } : undefined,
        ),
    };
    const proxied = await ProxyWorld.start({ accounts });
    await assert.rejects(proxied.login([USER_KEY, USER_KEY]));
    await proxied.login([USER_KEY, second]);
    assert.equal(proxied.proxy.rows().length, 1);
  });

  it("is cut off when nothing is said within the time for it", async () => {
    const proxied = await ProxyWorld.start();
    const { world } = proxied;
    const dialling = proxied.client.connect(
      { kind: "tcp", host: "proxy", port: 22 },
      { timeoutMs: 1_000 },
    );
    const socket = await world.finish(dialling, 2_000);
    let ended = false;
    socket.start({
      onBytes: () => undefined,
      onEnd: () => (ended = true),
      onDrain: () => undefined,
      onClose: () => (ended = true),
    });
    await world.run(9_000);
    assert.equal(ended, false);
    await world.run(2_500);
    assert.equal(ended, true);
    assert.equal(proxied.proxy.counts.connections, 0);
  });

  it("says of everybody who is logged in who it is and what runs", async () => {
    const proxied = await ProxyWorld.start();
    await proxied.exec();
    const [row] = proxied.proxy.rows();
    assert.equal(row?.Account, "aviato");
    assert.equal(row?.Name, "erlich");
    assert.equal(row?.PublicKeyName, "BuildServer");
    assert.equal(row?.Repository, "team/project.git");
    assert.equal(row?.Verb, "git-upload-pack");
    assert.equal(row?.Backend, "main");
    assert.match(row?.SessionKey ?? "", /^[0-9a-f]{8}$/);
  });
});

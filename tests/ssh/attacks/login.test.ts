/** Attacks on the login: whose key it is, how often one may ask, and what cannot be read. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { skipSshd } from "../../servers/openssh/sshd.ts";
import type { RawConnection } from "../attacker/raw-connection.ts";
import {
  askForUserauth,
  AttackerKey,
  exchangeKeys,
  exec,
  NUMBER,
  openChannel,
  publicKeyRequest,
} from "../attacker/raw-session.ts";
import { message, no, string, yes } from "../attacker/wire.ts";
import { eventsOf } from "../proxy-state.ts";
import { onlyProxy } from "../proxy-under-test.ts";
import { AT_ONCE_MS, AttackWorld } from "./attack-world.ts";

const AUTH_REQUESTS_MAX = 64;
const FAILURES_MAX = 6;
const FLOOD = 10_000;
const ANSWERS = [NUMBER.userauthSuccess, NUMBER.userauthFailure, NUMBER.userauthPkOk];

describe("a login", { skip: skipSshd(), concurrency: 2, timeout: 90_000 }, () => {
  let world!: AttackWorld;
  before(async () => {
    world = await AttackWorld.start();
  });
  after(async () => {
    try {
      await (world as AttackWorld | undefined)?.assertForgotten();
    } finally {
      await (world as AttackWorld | undefined)?.[Symbol.asyncDispose]();
    }
  });

  /** May log in from here; what is signed is bound to the session id. */
  const start = async (): Promise<{ connection: RawConnection; sessionId: Buffer }> => {
    const connection = await world.identified();
    const sessionId = await exchangeKeys(connection);
    await askForUserauth(connection);
    return { connection, sessionId };
  };
  const answerTo = async (connection: RawConnection, request: Buffer): Promise<number> => {
    connection.send(request);
    return (await connection.next(ANSWERS))[0]!;
  };
  const request = (method: string, ...fields: readonly Uint8Array[]): Buffer => {
    const head = [string(world.user), string("ssh-connection"), string(method)];
    return message(NUMBER.userauthRequest, ...head, ...fields);
  };
  const assertLogsIn = async (connection: RawConnection, sessionId: Buffer): Promise<void> => {
    const right = publicKeyRequest(world.user, world.key, sessionId, world.key);
    assert.equal(await answerTo(connection, right), NUMBER.userauthSuccess);
  };

  it("is by the key that signed, whichever was asked for before", async () => {
    const { connection, sessionId } = await start();
    await using _ = connection;
    for (const key of [world.key, world.other, world.key]) {
      const query = publicKeyRequest(world.user, key, sessionId);
      assert.equal(await answerTo(connection, query), NUMBER.userauthPkOk);
    }
    const signed = publicKeyRequest(world.user, world.other, sessionId, world.other);
    assert.equal(await answerTo(connection, signed), NUMBER.userauthSuccess);
    if (onlyProxy !== false) return;
    const { underTest } = world.world;
    const accepted = (await eventsOf(underTest, connection.address)).filter(
      ({ event, result }) => event === "auth" && result === "accepted",
    );
    assert.deepEqual(
      accepted.map(({ account, publicKeyName }) => [account, publicKeyName]),
      [["mallory", "mallory's"]],
    );
  });

  const forgeries: Readonly<Record<string, (sessionId: Buffer) => Buffer>> = {
    "another key's": (sessionId) =>
      publicKeyRequest(world.user, world.key, sessionId, new AttackerKey("stranger")),
    "another connection's": () =>
      publicKeyRequest(world.user, world.key, randomBytes(32), world.key),
    "64 random bytes": () => {
      const signature = Buffer.concat([string("ssh-ed25519"), string(randomBytes(64))]);
      const key = [string("ssh-ed25519"), string(world.key.blob)];
      return request("publickey", yes, ...key, string(signature));
    },
    empty: () => {
      const key = [string("ssh-ed25519"), string(world.key.blob)];
      return request("publickey", yes, ...key, string(""));
    },
    "of no bytes, with its name": () => {
      const signature = Buffer.concat([string("ssh-ed25519"), string("")]);
      const key = [string("ssh-ed25519"), string(world.key.blob)];
      return request("publickey", yes, ...key, string(signature));
    },
    "for another user": (sessionId) => {
      const other = publicKeyRequest("root", world.key, sessionId, world.key);
      const signature = other.subarray(-(4 + 4 + 11 + 4 + 64));
      const key = [string("ssh-ed25519"), string(world.key.blob)];
      return request("publickey", yes, ...key, signature);
    },
  };
  for (const [name, forge] of Object.entries(forgeries)) {
    it(`fails with a signature that is ${name}, and the right one does after it`, async () => {
      const { connection, sessionId } = await start();
      await using _ = connection;
      assert.equal(await answerTo(connection, forge(sessionId)), NUMBER.userauthFailure);
      await assertLogsIn(connection, sessionId);
    });
  }

  const rsaBlob = (bytes: number): Buffer => {
    const modulus = Buffer.concat([Buffer.of(0), Buffer.alloc(bytes, 0xc5)]);
    return Buffer.concat([string("ssh-rsa"), string(Buffer.of(1, 0, 1)), string(modulus)]);
  };
  const unreadable: Readonly<Record<string, Buffer>> = {
    "cut off": Buffer.concat([string("ssh-ed25519"), Buffer.from([0, 0, 0, 32, 1, 2, 3])]),
    empty: Buffer.alloc(0),
    "of a type that nobody has": Buffer.concat([string("ssh-rot13"), string("key")]),
    "of RSA with 32,768 bits": rsaBlob(4_096),
    "of RSA with 1,024 bits": rsaBlob(128),
    "of ed25519 with 31 bytes": Buffer.concat([string("ssh-ed25519"), string(Buffer.alloc(31))]),
  };
  for (const [name, blob] of Object.entries(unreadable)) {
    // sshd ends the connection for some of them, which punishes clients for keys they may have.
    it(`fails with a key that is ${name}, and goes on`, { skip: onlyProxy }, async () => {
      const { connection, sessionId } = await start();
      await using _ = connection;
      const type = blob.length > 4 && blob.includes("ssh-rsa") ? "rsa-sha2-512" : "ssh-ed25519";
      const query = request("publickey", no, string(type), string(blob));
      assert.equal(await answerTo(connection, query), NUMBER.userauthFailure);
      const signed = request("publickey", yes, string(type), string(blob), string("x"));
      assert.equal(await answerTo(connection, signed), NUMBER.userauthFailure);
      await assertLogsIn(connection, sessionId);
    });
  }

  it("by anything but a key fails, and goes on", async () => {
    const { connection, sessionId } = await start();
    await using _ = connection;
    const failures = [
      request("none"),
      request("password", no, string("secret")),
      request("rot13", string("?")),
    ];
    for (const each of failures) {
      connection.send(each);
      const answer = await connection.next(ANSWERS);
      assert.equal(answer[0], NUMBER.userauthFailure);
      assert.match(answer.toString("latin1"), /publickey/);
    }
    await assertLogsIn(connection, sessionId);
  });

  it(`is over after ${FAILURES_MAX} keys that are nobody's`, async () => {
    const { connection, sessionId } = await start();
    await using _ = connection;
    for (let index = 0; index < FAILURES_MAX + 2; index++) {
      const key = new AttackerKey("nobody's");
      connection.send(publicKeyRequest(world.user, key, sessionId, key));
    }
    await world.assertEnded(connection, AT_ONCE_MS + 3_000, "auth-failed", "limit");
    const failures = connection.received.filter(([number]) => number === NUMBER.userauthFailure);
    assert.ok(failures.length <= FAILURES_MAX, `${failures.length} answers`);
    assert.match(connection.disconnect?.text ?? "", /[Tt]oo many|none of 6 keys/);
  });

  it(`is over after ${AUTH_REQUESTS_MAX} questions`, { skip: onlyProxy }, async () => {
    const { connection, sessionId } = await start();
    await using _ = connection;
    const query = publicKeyRequest(world.user, world.key, sessionId);
    for (let count = 0; count < AUTH_REQUESTS_MAX; count++) {
      assert.equal(await answerTo(connection, query), NUMBER.userauthPkOk);
    }
    connection.send(query);
    await world.assertEnded(connection, AT_ONCE_MS, "auth-failed", "limit");
  });

  it(`is over before ${FLOOD} questions at once are answered`, { skip: onlyProxy }, async () => {
    const { connection, sessionId } = await start();
    await using _ = connection;
    const query = publicKeyRequest(world.user, world.key, sessionId);
    for (let count = 0; count < FLOOD; count++) connection.send(query);
    const reasons = ["auth-failed", "limit", "protocol-error"];
    await world.assertEnded(connection, AT_ONCE_MS + 5_000, ...reasons);
    const answers = connection.received.filter(([number]) => number === NUMBER.userauthPkOk);
    assert.ok(answers.length <= AUTH_REQUESTS_MAX, `${answers.length} answers`);
  });

  it("that is asked for again when it was granted changes nothing", async () => {
    const { connection, sessionId } = await start();
    await using _ = connection;
    await assertLogsIn(connection, sessionId);
    // RFC 4252, 5.1: to be ignored silently.
    connection.send(publicKeyRequest(world.user, world.other, sessionId, world.other));
    const channel = await openChannel(connection).catch(() => undefined);
    if (channel === undefined) return;
    connection.send(exec(channel, "git-upload-pack 'cases/exit-7'"));
    await connection.next([NUMBER.close]);
  });

  it(
    "leaves no control characters in the log, and no name of 30,000",
    { skip: onlyProxy },
    async () => {
      const { connection, sessionId } = await start();
      await using _ = connection;
      const ask = (user: string): void =>
        connection.send(publicKeyRequest(user, world.other, sessionId, new AttackerKey("x")));
      ask('root\n{"event":"end"}\u001b[2J');
      await connection.next(ANSWERS);
      ask("x".repeat(30_000));
      await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
      const events = await eventsOf(world.world.underTest, connection.address);
      const users = events.filter(({ event }) => event === "auth").map(({ user }) => String(user));
      assert.ok(users.length >= 1);
      for (const user of users) {
        assert.doesNotMatch(user, /\p{Cc}/u);
        assert.ok(user.length <= 300, `${user.length} characters`);
      }
    },
  );
});

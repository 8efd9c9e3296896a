/** Logins at a server: what is taken, what is not, and that nothing but a signature is a login. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MESSAGE } from "../message-numbers.ts";
import { DISCONNECT } from "../ssh-error.ts";
import type { AuthAnswer } from "./ssh-connection.ts";
import { SECOND_KEY, STRANGER_KEY, USER_KEY } from "./testing/keys.ts";
import { IDENTITY, TestedServer } from "./testing/tested-server.ts";

const { userauthSuccess, userauthFailure, userauthPkOk, serviceAccept } = MESSAGE;

async function started(): Promise<TestedServer> {
  return (await TestedServer.start()).askService();
}

/** It ended because the peer broke the protocol, nobody logged in, and the peer was told. */
function assertBroken(tested: TestedServer, text: RegExp): void {
  assert.equal(tested.end?.kind, "protocol-error");
  assert.match(tested.end.text, text);
  assert.equal(tested.peer.disconnected?.text, tested.end.text);
  assert.deepEqual(tested.identities, []);
}

describe("a login", () => {
  it("is one request with the right signature", async () => {
    const tested = (await started()).login(USER_KEY);
    await tested.run();
    assert.deepEqual(tested.peer.numbers(), [serviceAccept, userauthSuccess]);
    const { fingerprint } = USER_KEY.publicKey;
    assert.deepEqual(tested.identities, [{ ...IDENTITY, fingerprint }]);
    assert.deepEqual(tested.results, ["accepted"]);
  });

  it("asks first whether a key would do, which logs nobody in", async () => {
    const tested = (await started()).offer(USER_KEY);
    await tested.run();
    const [reader] = tested.peer.readers(userauthPkOk);
    assert.equal(reader!.text(), "ssh-ed25519");
    assert.deepEqual(reader!.string(), USER_KEY.publicKey.blob);
    assert.deepEqual(tested.identities, []);
    tested.peer.open(0);
    await tested.run();
    assertBroken(tested, /message 90 before the login/);
  });

  it("belongs to the key that signed, whichever was offered", async () => {
    const tested = (await started()).offer(USER_KEY).offer(SECOND_KEY).offer(USER_KEY);
    tested.login(SECOND_KEY);
    await tested.run();
    const { fingerprint } = SECOND_KEY.publicKey;
    assert.deepEqual(tested.identities, [{ ...IDENTITY, fingerprint }]);
  });

  it("fails with a known key that another has signed for", async () => {
    const tested = (await started()).offer(USER_KEY).login(USER_KEY, { signer: STRANGER_KEY });
    await tested.run();
    assert.deepEqual(tested.results, ["offered", "refused"]);
    assert.match(tested.attempts[1]!.why!, /signature is not right/);
    assert.deepEqual(tested.identities, []);
  });

  it("fails with a signature over another session", async () => {
    const tested = (await started()).login(USER_KEY, { sessionId: Buffer.alloc(32, 1) });
    await tested.run();
    assert.deepEqual(tested.results, ["refused"]);
    assert.deepEqual(tested.identities, []);
  });

  it("fails with an unreadable key, and goes on with the next", async () => {
    const tested = await started();
    tested.peer.say(MESSAGE.userauthRequest, (to) =>
      to
        .string("git")
        .string("ssh-connection")
        .string("publickey")
        .boolean(false)
        .string("ssh-ed25519")
        .string("\0\0\0\x0bssh-ed25519\0\0\0\xff"),
    );
    tested.login(USER_KEY);
    await tested.run();
    assert.deepEqual(tested.results, ["refused", "accepted"]);
  });

  it("fails with an algorithm that the key does not have", async () => {
    const tested = await started();
    tested.peer.say(MESSAGE.userauthRequest, (to) =>
      to
        .string("git")
        .string("ssh-connection")
        .string("publickey")
        .boolean(false)
        .string("rsa-sha2-512")
        .string(USER_KEY.publicKey.blob),
    );
    await tested.run();
    assert.deepEqual(tested.results, ["refused"]);
    assert.deepEqual(tested.peer.numbers().at(-1), userauthFailure);
  });

  it("is answered in order, however long a key takes to be looked up", async () => {
    const answers: ((answer: AuthAnswer) => void)[] = [];
    const find = () => new Promise<AuthAnswer>((resolve) => answers.push(resolve));
    const tested = (await TestedServer.start({ find })).askService();
    tested.offer(USER_KEY).method("none").offer(STRANGER_KEY).method("password");
    await tested.run();
    assert.deepEqual(tested.peer.numbers(), [serviceAccept]);
    assert.equal(answers.length, 1, "one is looked up at a time");
    const identity = { ...IDENTITY, fingerprint: USER_KEY.publicKey.fingerprint };
    answers[0]!({ answer: "known", identity });
    await tested.run();
    assert.deepEqual(tested.peer.numbers().slice(1), [userauthPkOk, userauthFailure]);
    answers[1]!({ answer: "unknown" });
    await tested.run();
    assert.deepEqual(tested.peer.numbers().slice(3), [userauthFailure, userauthFailure]);
    assert.equal(tested.connection.authFailureCount, 2, "none is a question");
  });

  it("leaves out what was sent behind it", async () => {
    const tested = (await started()).login(USER_KEY).login(SECOND_KEY);
    await tested.run();
    assert.equal(tested.end, undefined);
    assert.equal(tested.identities.length, 1);
    tested.login(SECOND_KEY).method("none", "root");
    tested.peer.open(0);
    await tested.run();
    assert.deepEqual(tested.peer.numbers(), [
      ...[serviceAccept, userauthSuccess, MESSAGE.channelOpenConfirmation],
    ]);
  });
});

describe("a login with two keys", () => {
  const find = (_user: string, { fingerprint }: { fingerprint: string }): Promise<AuthAnswer> => {
    const account = fingerprint === STRANGER_KEY.publicKey.fingerprint ? "hooli" : "aviato";
    const identity = { ...IDENTITY, account, fingerprint, keysNeeded: 2 };
    return Promise.resolve({ answer: "known", identity });
  };
  const partial = (tested: TestedServer): boolean[] =>
    tested.peer.readers(userauthFailure).map((reader) => {
      assert.deepEqual(reader.names(), ["publickey"]);
      return reader.boolean();
    });

  it("is told of the first, and done with the second", async () => {
    const tested = (await TestedServer.start({ find })).askService().login(USER_KEY);
    await tested.run();
    assert.deepEqual(partial(tested), [true]);
    tested.login(SECOND_KEY);
    await tested.run();
    assert.deepEqual(tested.results, ["partial", "accepted"]);
    assert.equal(tested.peer.numbers().at(-1), userauthSuccess);
  });

  it("is not done with the same key twice, nor with an offer", async () => {
    const tested = (await TestedServer.start({ find })).askService();
    tested.login(USER_KEY).login(USER_KEY).offer(SECOND_KEY).login(USER_KEY);
    await tested.run();
    assert.deepEqual(tested.results, ["partial", "partial", "offered", "partial"]);
    assert.deepEqual(tested.identities, []);
  });

  it("begins anew with a key of another account", async () => {
    const tested = (await TestedServer.start({ find })).askService();
    tested.login(USER_KEY).login(STRANGER_KEY).login(SECOND_KEY);
    await tested.run();
    assert.deepEqual(tested.results, ["partial", "partial", "partial"]);
    tested.login(USER_KEY);
    await tested.run();
    assert.deepEqual(tested.results.at(-1), "accepted");
  });
});

describe("who logs in badly", () => {
  it("has six keys", async () => {
    const tested = await started();
    for (let count = 0; count < 6; count++) tested.offer(STRANGER_KEY);
    await tested.run();
    assert.equal(tested.end?.kind, "ended");
    assert.equal(tested.peer.disconnected?.reason, DISCONNECT.noMoreAuthMethodsAvailable);
    assert.match(tested.peer.disconnected.text, /none of 6 keys is known here/);
    assert.equal(tested.connection.authFailureCount, 6);
  });

  it("has so many requests in all, whatever they ask", async () => {
    const tested = (await TestedServer.start({ options: { authRequestsMax: 5 } })).askService();
    for (let count = 0; count < 6; count++) {
      tested.method("none");
      await tested.run();
    }
    assert.match(tested.end!.text, /more than 5 login requests/);
    tested.login(USER_KEY);
    await tested.run();
    assert.deepEqual(tested.identities, []);
  });

  it("may not send many ahead", async () => {
    const find = () => new Promise<AuthAnswer>(() => undefined);
    const tested = (await TestedServer.start({ find })).askService();
    for (let count = 0; count < 10; count++) tested.offer(USER_KEY);
    await tested.run();
    assertBroken(tested, /8 login requests wait already/);
  });

  it("asks for the service first", async () => {
    const tested = (await TestedServer.start()).login(USER_KEY);
    await tested.run();
    assertBroken(tested, /before its service/);
  });

  it("asks for one service, and not without end", async () => {
    const other = (await TestedServer.start()).askService("ssh-connection");
    await other.run();
    assertBroken(other, /first service is ssh-userauth/);
    const again = await TestedServer.start({ options: { authRequestsMax: 3 } });
    for (let count = 0; count < 4; count++) again.askService();
    await again.run();
    assertBroken(again, /4 requests of a service/);
  });

  it("may not become another user", async () => {
    const tested = (await started()).offer(USER_KEY, "git").login(USER_KEY, { user: "root" });
    await tested.run();
    assertBroken(tested, /user may not change/);
  });

  it("may not ask for another service behind the login", async () => {
    const tested = await started();
    tested.peer.say(MESSAGE.userauthRequest, (to) =>
      to.string("git").string("sftp").string("none"),
    );
    await tested.run();
    assertBroken(tested, /only ssh-connection/);
  });

  it("is told to try again when keys cannot be looked up", async () => {
    for (const find of [
      () => Promise.resolve<AuthAnswer>({ answer: "unavailable", why: "no answer" }),
      () => Promise.reject<AuthAnswer>(new Error("no answer")),
      (): Promise<AuthAnswer> => {
        throw new Error("no answer");
      },
    ]) {
      const tested = (await TestedServer.start({ find })).askService().offer(USER_KEY);
      await tested.run();
      assert.deepEqual(tested.attempts[0]!.why, "no answer");
      assert.deepEqual(tested.results, ["unavailable"]);
      assert.match(tested.peer.disconnected!.text, /please try again/);
      assert.equal(tested.connection.authFailureCount, 0);
    }
  });

  it("hears nothing of a key that is found when the connection is over", async () => {
    const { promise, resolve } = Promise.withResolvers<AuthAnswer>();
    const tested = (await TestedServer.start({ find: () => promise })).askService();
    tested.login(USER_KEY);
    await tested.run();
    tested.peer.destroy();
    await tested.run();
    const { fingerprint } = USER_KEY.publicKey;
    resolve({ answer: "known", identity: { ...IDENTITY, fingerprint } });
    await tested.run();
    assert.deepEqual([tested.results, tested.identities], [[], []]);
    assert.equal(tested.ends.length, 1);
  });
});

describe("before the login", () => {
  // CVE-2018-10933, CVE-2025-32433: messages of a server, or of a later phase, from a client.
  const numbers = Array.from({ length: 256 - 50 }, (_, index) => index + 50);
  const ofTransport = new Set([192, 193]);

  it("no message but a request is taken, whatever its number", async () => {
    for (const number of [MESSAGE.serviceAccept, ...numbers]) {
      if (number === MESSAGE.userauthRequest || ofTransport.has(number)) continue;
      const tested = await started();
      tested.peer.force(Buffer.concat([Buffer.of(number), Buffer.alloc(12)]));
      tested.login(USER_KEY);
      await tested.run(100);
      assertBroken(tested, /message \d+/);
      assert.equal(tested.peer.disconnected!.reason, DISCONNECT.protocolError, `${number}`);
    }
  });
});

it("only a signature of a known key logs anybody in, whatever the order of requests", async () => {
  const KEYS = [USER_KEY, SECOND_KEY, STRANGER_KEY];
  const step = fc.record({
    kind: fc.constantFrom("offer", "login", "forged", "none"),
    key: fc.nat(2),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.nat(3), async (steps, delays) => {
      let calls = 0;
      const find = async (_user: string, key: { fingerprint: string }): Promise<AuthAnswer> => {
        for (let turn = 0; turn < (calls++ % 4) * delays; turn++) await Promise.resolve();
        const { fingerprint } = key;
        return fingerprint === STRANGER_KEY.publicKey.fingerprint
          ? { answer: "unknown" }
          : { answer: "known", identity: { ...IDENTITY, fingerprint } };
      };
      const tested = (await TestedServer.start({ find })).askService();
      for (const { kind, key } of steps) {
        const one = KEYS[key]!;
        if (kind === "offer") tested.offer(one);
        else if (kind === "login") tested.login(one);
        else if (kind === "forged") tested.login(one, { signer: KEYS[(key + 1) % 3]! });
        else tested.method("none");
      }
      await tested.run();
      const first = steps.find(({ kind, key }) => kind === "login" && key < 2);
      const expected = first === undefined ? [] : [KEYS[first.key]!.publicKey.fingerprint];
      assert.deepEqual(
        tested.identities.map(({ fingerprint }) => fingerprint),
        expected,
      );
    }),
    { numRuns: 40 },
  );
});

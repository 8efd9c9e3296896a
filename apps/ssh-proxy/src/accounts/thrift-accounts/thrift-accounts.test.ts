import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, ServiceError } from "holdfast";
import { CannotTell, type FindResult, type Owner } from "../../gen/accounts.ts";
import { AccountsService } from "../testing/accounts-service.ts";
import { keyOf } from "../testing/key-of.ts";
import { completeThriftAccountsOptions } from "./options.ts";

const AVIATO: FindResult = { owner: { account: "aviato" } };

describe("accounts of a service", () => {
  it("are asked for with all that is known of the key", async () => {
    await using service = await AccountsService.start();
    service.answer = () => ({});
    assert.equal(await find(service, "a"), undefined);
    const { type: keyType, blob, fingerprint } = keyOf("a");
    assert.deepEqual(
      service.asked.map(({ key, ...rest }) => ({ ...rest, key: Buffer.from(key) })),
      [{ user: "git", keyType, key: blob, fingerprint }],
    );
  });

  it("are remembered for a minute, and that there is none for five seconds", async () => {
    await using service = await AccountsService.start();
    service.answer = ({ fingerprint }) => (fingerprint === keyOf("a").fingerprint ? AVIATO : {});
    for (const [advanceMs, questions] of [
      [0, 2],
      [4_999, 0],
      [1, 1],
      [54_999, 1],
      [1, 1],
    ] as const) {
      service.clock.advance(advanceMs);
      service.asked.length = 0;
      assert.equal(await accountOf(service, "a"), "aviato");
      assert.equal(await accountOf(service, "none"), undefined);
      assert.equal(service.asked.length, questions, `after ${advanceMs} ms`);
    }
    service.directory.forget();
    service.asked.length = 0;
    await find(service, "a");
    assert.equal(service.asked.length, 1);
  });

  it("are remembered for the one user who asked, with the one key", async () => {
    await using service = await AccountsService.start();
    service.answer = ({ user, fingerprint }) => ({ owner: { account: `${user} ${fingerprint}` } });
    for (let round = 0; round < 2; round++) {
      for (const user of ["git", "hg", "aviato", ""]) {
        for (const key of ["a", "b"]) {
          const expected = `${user} ${keyOf(key).fingerprint}`;
          assert.equal(await accountOf(service, key, user), expected);
        }
      }
    }
    assert.equal(service.asked.length, 8);
  });

  it("that change are as the service says last", async () => {
    await using service = await AccountsService.start();
    service.answer = () => AVIATO;
    assert.equal(await accountOf(service, "a"), "aviato");
    service.clock.advance(60_000);
    service.answer = () => ({});
    assert.equal(await accountOf(service, "a"), undefined);
    await service.stop();
    service.clock.advance(5_000);
    // It was taken away: what was before is forgotten, even while nobody can be asked.
    await assert.rejects(service.outcome(find(service, "a")), ServiceError);
  });

  it("are asked for once however many wait for the same key", async () => {
    await using service = await AccountsService.start();
    const { promise, resolve } = Promise.withResolvers<FindResult>();
    service.answer = () => promise;
    const { context, cancel } = service.context().withCancel();
    const gone = service.directory.find(context, "git", keyOf("a"));
    const waiting = [find(service, "a"), find(service, "a")];
    const other = find(service, "a", "hg");
    await service.wasAsked(2);
    cancel(new ServiceError("cancelled", "the user has gone"));
    await assert.rejects(gone, { code: "cancelled" });
    resolve(AVIATO);
    const found = await Promise.all([...waiting, other]);
    assert.deepEqual(
      found.map((identity) => identity?.account),
      ["aviato", "aviato", "aviato"],
    );
    assert.equal(service.asked.length, 2);
    assert.equal(service.directory.snapshot()["asking"], 0);
  });

  it("that do not come within two seconds tell the user to try again", async () => {
    await using service = await AccountsService.start();
    service.answer = () => new Promise(() => undefined);
    let failure: unknown;
    const asking = find(service, "a").catch((error: unknown) => {
      failure = error;
    });
    await service.wasAsked(1);
    await service.clock.advanceAndSettle(1_990 - service.clock.nowMs());
    assert.equal(failure, undefined);
    await service.clock.advanceAndSettle(20);
    await asking;
    assert.equal(ServiceError.from(failure).code, "deadline-exceeded");
  });

  it("that were known lately still are while the service is gone, for ten minutes", async () => {
    await using service = await AccountsService.start();
    const { clock, directory, logger } = service;
    service.answer = ({ fingerprint }) => (fingerprint === keyOf("a").fingerprint ? AVIATO : {});
    await find(service, "a");
    await find(service, "none");
    await service.stop();
    clock.advance(60_000);
    assert.equal((await service.outcome(find(service, "a")))?.account, "aviato");
    await assert.rejects(service.outcome(find(service, "none")), ServiceError);
    await assert.rejects(service.outcome(find(service, "never seen")), ServiceError);
    const warnings = logger.lines.filter(({ message }) => message.startsWith("accounts cannot be"));
    assert.equal(warnings.length, 1);
    assert.equal(directory.snapshot()["stale"], 1);
    clock.advance(600_000);
    await assert.rejects(service.outcome(find(service, "a")), ServiceError);
  });

  it("that the service cannot tell are as if it were gone, and it says why", async () => {
    await using service = await AccountsService.start();
    service.answer = () => AVIATO;
    await find(service, "a");
    service.clock.advance(60_000);
    service.answer = () => Promise.reject(new CannotTell({ why: "no database" }));
    assert.equal(await accountOf(service, "a"), "aviato");
    await assert.rejects(find(service, "b"), { code: "unavailable", message: /no database$/u });
    service.answer = () => AVIATO;
    await find(service, "a");
    const messages = service.logger.lines.map(({ message }) => message);
    assert.deepEqual(messages, [
      "accounts cannot be looked up; who was known lately still is",
      "accounts are looked up again",
    ]);
    assert.equal(service.directory.snapshot()["problem"], null);
  });

  it("end a question by a breaker once enough have failed", async () => {
    await using service = await AccountsService.start();
    service.answer = () => Promise.reject(new Error("the database is on fire"));
    const codes = new Set<string>();
    for (let count = 0; count < 200 && !codes.has("breaker-open"); count++) {
      const asking = find(service, `key ${count}`).then(
        () => assert.fail("it was found out"),
        (error: unknown) => ServiceError.from(error).code,
      );
      codes.add(await service.outcome(asking));
    }
    assert.ok(codes.has("breaker-open"), [...codes].join());
    assert.ok(!codes.has("not-found"));
  });

  it("do not count after their time, though they are remembered", async () => {
    await using service = await AccountsService.start();
    const expiresMs = service.clock.epochMs() + 10_000;
    service.answer = () => ({ owner: { account: "aviato", expiresMs } });
    assert.equal(await accountOf(service, "a"), "aviato");
    service.clock.advance(10_000);
    assert.equal(await accountOf(service, "a"), undefined);
    assert.equal(service.asked.length, 1);
  });

  it("have the fingerprint of the key itself, and a name in any case", async () => {
    await using service = await AccountsService.start();
    service.answer = () => ({ owner: { account: "aviato", name: "", publicKeyName: "x" } });
    const { fingerprint } = keyOf("a");
    const expected = { account: "aviato", name: "aviato", publicKeyName: "x", fingerprint };
    assert.deepEqual(await find(service, "a"), expected);
  });

  const wrong: readonly (readonly [Owner, RegExp])[] = [
    [{ account: "" }, /its account is empty/u],
    [{ account: "a\nb" }, /its account has a control character/u],
    [{ account: "x".repeat(256) }, /its account has 256 characters/u],
    [{ account: "a", name: "\u001b[2J" }, /its name has a control character/u],
    [{ account: "a", publicKeyName: "x".repeat(256) }, /its publicKeyName has 256/u],
    [{ account: "a", keysNeeded: 0 }, /its keysNeeded is 0/u],
    [{ account: "a", keysNeeded: 17 }, /its keysNeeded is 17/u],
  ];
  for (const [owner, message] of wrong) {
    it(`are not believed when ${message.source.replace("its ", "their ")}`, async () => {
      await using service = await AccountsService.start();
      service.answer = () => ({ owner });
      await assert.rejects(find(service, "a"), { code: "protocol", message });
      assert.equal(service.directory.snapshot()["known"], 0);
    });
  }

  it("are not asked for more often at once than their limit says", async () => {
    await using service = await AccountsService.start({ callsMax: 2 });
    const { promise, resolve } = Promise.withResolvers<FindResult>();
    service.answer = () => promise;
    const asked = [find(service, "a"), find(service, "b")];
    await assert.rejects(find(service, "c"), { code: "overloaded" });
    const same = find(service, "a");
    resolve(AVIATO);
    await Promise.all([...asked, same]);
    assert.equal(await accountOf(service, "c"), "aviato");
  });

  it("are remembered up to their limits, and no stranger pushes out an owner", async () => {
    await using service = await AccountsService.start({ knownMax: 2, unknownMax: 3 });
    const owned = new Set(["a", "b"].map((key) => keyOf(key).fingerprint));
    service.answer = ({ fingerprint }) => (owned.has(fingerprint) ? AVIATO : {});
    await Promise.all([find(service, "a"), find(service, "b")]);
    for (let count = 0; count < 50; count++) await find(service, `stranger ${count}`);
    const { known, unknown } = service.directory.snapshot();
    assert.deepEqual([known, unknown], [2, 3]);
    service.asked.length = 0;
    assert.equal(await accountOf(service, "a"), "aviato");
    assert.equal(service.asked.length, 0);
  });

  it("are not asked for by a request that is over", async () => {
    await using service = await AccountsService.start();
    const context = createContext({ clock: service.clock, deadlineMs: 10 });
    service.clock.advance(10);
    const asked = service.directory.find(context, "git", keyOf("a"));
    await assert.rejects(asked, { code: "deadline-exceeded" });
    assert.equal(service.asked.length, 0);
  });

  it("show while they are open what is remembered, and nothing afterwards", async () => {
    await using service = await AccountsService.start();
    const { state } = service.observers;
    service.answer = () => AVIATO;
    await find(service, "a");
    const [shown] = state.snapshots("accounts");
    assert.ok(shown !== undefined && "state" in shown);
    assert.deepEqual(shown.state, {
      ...{ known: 1, unknown: 0, asking: 0, asked: 1, failed: 0, remembered: 0, stale: 0 },
      ...{ problem: null, options: completeThriftAccountsOptions() },
    });
    service.directory.stop();
    assert.deepEqual(state.snapshots("accounts"), []);
  });
});

it("the options of asking for accounts are refused out of range", () => {
  assert.throws(() => completeThriftAccountsOptions({ knownMax: 0 }), /knownMax is 0; .* 1 to/u);
  assert.throws(() => completeThriftAccountsOptions({ unknownTtlMs: NaN }), RangeError);
  const short = { callTimeoutMs: 500 };
  assert.throws(() => completeThriftAccountsOptions(short), /tryTimeoutMs 900 is above .* 500/u);
  const stale = { staleMaxMs: 1_000 };
  assert.throws(() => completeThriftAccountsOptions(stale), /knownTtlMs 60000 is above .* 1000/u);
});

function find(service: AccountsService, key: string, user = "git") {
  return service.directory.find(service.context(), user, keyOf(key));
}

async function accountOf(
  service: AccountsService,
  key: string,
  user?: string,
): Promise<string | undefined> {
  return (await find(service, key, user))?.account;
}

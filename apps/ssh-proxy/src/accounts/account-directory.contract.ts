/** What every directory of accounts promises, whoever it is that knows them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Context, createContext, type ManualClock, ServiceError } from "holdfast";
import type { AccountDirectory, Identity } from "./account-directory.ts";
import { keyOf } from "./testing/key-of.ts";

/** One for which the test knows the accounts; see `accountDirectoryContract`. */
export interface DirectoryUnderTest extends AsyncDisposable {
  readonly directory: AccountDirectory;
  /** The directory's. */
  readonly clock: ManualClock;
}

export interface GivenKey {
  readonly account: string;
  /** Undefined: nothing is said of it. */
  readonly name?: string;
  readonly publicKeyName?: string;
  readonly keysNeeded?: number;
  /** Counted from the start of the test; whole minutes. */
  readonly expiresAfterMs?: number;
}

/** Keys by the name of `keyOf`. */
export const GIVEN: Readonly<Record<string, GivenKey>> = {
  build: { account: "aviato", name: "erlich", publicKeyName: "BuildServer" },
  bare: { account: "aviato" },
  guarded: { account: "hooli", name: "gavin", publicKeyName: "phone", keysNeeded: 2 },
  other: { account: "hooli", publicKeyName: "Grüße, 世界" },
  brief: { account: "hooli", expiresAfterMs: 120_000 },
  late: { account: "hooli", expiresAfterMs: -60_000 },
};

const USERS = ["git", "hg", "aviato", "hooli", "", "root", "../aviato", "Aviato", "git ", "\0"];

/**
 * `open` gives one that knows the keys of `GIVEN`, with `git` and `hg` as everybody's users;
 * `openBroken` one that cannot find out anything.
 */
export function accountDirectoryContract(
  name: string,
  open: () => Promise<DirectoryUnderTest>,
  openBroken: () => Promise<DirectoryUnderTest>,
): void {
  describe(`the contract of directories of accounts: ${name}`, () => {
    it("says whose key it is, and what it is called", async () => {
      await using opened = await open();
      for (const user of ["git", "hg", "aviato"]) {
        assert.deepEqual(await find(opened, user, "build"), {
          ...{ account: "aviato", name: "erlich", publicKeyName: "BuildServer" },
          fingerprint: keyOf("build").fingerprint,
        });
      }
      const { fingerprint } = keyOf("bare");
      const bare = { account: "aviato", name: "aviato", publicKeyName: "", fingerprint };
      assert.deepEqual(await find(opened, "git", "bare"), bare);
      assert.equal((await find(opened, "git", "other"))?.publicKeyName, "Grüße, 世界");
    });

    it("knows nobody under another account's name, or a name that is none", async () => {
      await using opened = await open();
      for (const user of USERS.filter((each) => !["git", "hg", "aviato"].includes(each))) {
        assert.equal(await find(opened, user, "build"), undefined, user);
      }
      assert.equal(await find(opened, "x".repeat(10_000), "build"), undefined);
    });

    it("knows nobody with a key that is nobody's", async () => {
      await using opened = await open();
      for (const user of USERS) assert.equal(await find(opened, user, "none"), undefined);
    });

    it("says when a key is not enough by itself", async () => {
      await using opened = await open();
      assert.equal((await find(opened, "git", "guarded"))?.keysNeeded, 2);
      assert.equal((await find(opened, "git", "other"))?.keysNeeded ?? 1, 1);
    });

    it("knows nobody with a key whose time is over, the moment it is", async () => {
      await using opened = await open();
      assert.equal(await find(opened, "git", "late"), undefined);
      assert.equal((await find(opened, "git", "brief"))?.account, "hooli");
      opened.clock.advance(119_999);
      assert.equal((await find(opened, "git", "brief"))?.account, "hooli");
      opened.clock.advance(1);
      assert.equal(await find(opened, "git", "brief"), undefined);
      assert.equal((await find(opened, "git", "other"))?.account, "hooli");
    });

    it("answers for the key that is asked about only, whatever was asked before", async () => {
      await using opened = await open();
      const names = [...Object.keys(GIVEN), "none", "nobody"].filter((each) => each !== "brief");
      const question = fc.tuple(fc.constantFrom(...USERS), fc.constantFrom(...names));
      await fc.assert(
        fc.asyncProperty(fc.array(question, { minLength: 1, maxLength: 20 }), async (questions) => {
          const found = await Promise.all(questions.map(([user, key]) => find(opened, user, key)));
          for (const [index, [user, key]] of questions.entries()) {
            assert.equal(found[index]?.fingerprint, expected(user, key)?.fingerprint);
            assert.equal(found[index]?.account, expected(user, key)?.account);
          }
        }),
        { numRuns: 50 },
      );
    });

    promiseSafeAnswers(open);
    promiseNothing(openBroken);
  });
}

/** What holds of an answer once it is given, or not wanted any more. */
function promiseSafeAnswers(open: () => Promise<DirectoryUnderTest>): void {
  it("gives answers that cannot be turned into others", async () => {
    await using opened = await open();
    const found = await find(opened, "git", "build");
    assert.throws(() => Object.assign(found as object, { account: "hooli" }), TypeError);
    assert.equal((await find(opened, "git", "build"))?.account, "aviato");
  });

  it("does nothing for a request that is over", async () => {
    await using opened = await open();
    const { context, cancel } = contextOf(opened).withCancel();
    cancel(new ServiceError("cancelled", "the user has gone"));
    const asked = opened.directory.find(context, "git", keyOf("build"));
    await assert.rejects(asked, { code: "cancelled" });
  });
}

/** What holds also when nothing can be found out. */
function promiseNothing(openBroken: () => Promise<DirectoryUnderTest>): void {
  it("never says that a key is nobody's when it cannot find out", async () => {
    await using opened = await openBroken();
    for (const key of ["build", "none"]) {
      const failures: unknown[] = [];
      find(opened, "git", key).then(
        () => failures.push("it was found out"),
        (error: unknown) => failures.push(error),
      );
      while (failures.length === 0) await opened.clock.advanceAndSettle(1);
      const [failure] = failures;
      assert.ok(failure instanceof ServiceError);
      assert.notEqual(failure.code, "not-found");
    }
  });
}

function find(
  opened: DirectoryUnderTest,
  user: string,
  key: string,
): Promise<Identity | undefined> {
  return opened.directory.find(contextOf(opened), user, keyOf(key));
}

function contextOf({ clock }: DirectoryUnderTest): Context {
  return createContext({ clock });
}

function expected(user: string, key: string) {
  const given = GIVEN[key];
  if (given === undefined || key === "late") return undefined;
  if (!["git", "hg", given.account].includes(user)) return undefined;
  return { account: given.account, fingerprint: keyOf(key).fingerprint };
}

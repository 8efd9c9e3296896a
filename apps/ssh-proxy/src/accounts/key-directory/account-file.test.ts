import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "holdfast";
import { keyOf, lineOf } from "../testing/key-of.ts";
import { parseAccountFile } from "./account-file.ts";

const parse = (...lines: readonly string[]) =>
  parseAccountFile("aviato", lines.join("\n"), new ManualClock());

describe("an account's file", () => {
  it("has a key on each line, and lines that say nothing", async () => {
    const file = await parse("# keys", "", lineOf("a", "laptop"), "  \t# more\r", lineOf("b"), "");
    assert.deepEqual(file.problems, []);
    assert.deepEqual(
      file.keys.map(({ identity, line }) => [line, identity]),
      [
        [3, identityOf("a", { publicKeyName: "laptop" })],
        [5, identityOf("b")],
      ],
    );
    assert.deepEqual(await parse(), { keys: [], problems: [] });
  });

  it("says who has a key, how many are needed, and until when", async () => {
    const options = 'restrict,name="Erlich Bachman",keys-needed=2,expiry-time="20270131"';
    const { keys } = await parse(`${options} ${lineOf("a", "x")}`, lineOf("b"));
    assert.deepEqual(keys[0], {
      identity: identityOf("a", { name: "Erlich Bachman", publicKeyName: "x", keysNeeded: 2 }),
      expiresEpochMs: Date.UTC(2027, 0, 31),
      line: 1,
    });
    assert.deepEqual(keys[1], { identity: identityOf("b"), expiresEpochMs: Infinity, line: 2 });
  });

  it("has times in UTC, to the day, the minute or the second", async () => {
    for (const [text, epochMs] of [
      ["20280229", Date.UTC(2028, 1, 29)],
      ["20280229Z", Date.UTC(2028, 1, 29)],
      ["202701312359", Date.UTC(2027, 0, 31, 23, 59)],
      ["20270131235958Z", Date.UTC(2027, 0, 31, 23, 59, 58)],
    ] as const) {
      const { keys } = await parse(`expiry-time=${text} ${lineOf("a")}`);
      assert.equal(keys[0]?.expiresEpochMs, epochMs, text);
    }
  });

  it("says on which line something is wrong, and what", async () => {
    const good = lineOf("a");
    const wrong: readonly (readonly [string, RegExp])[] = [
      ["hello", /^2: a type of key, such as ssh-ed25519, is expected$/u],
      [`from="10.0.0.1" ${good}`, /^2: the option "from" is not known; there are name, keys-n/u],
      [`no-pty ${good}`, /^2: the option "no-pty" is not known/u],
      [`command="x" ${good}`, /^2: the option "command" is not known/u],
      [`restrict=1 ${good}`, /^2: the option restrict has no value$/u],
      [`name ${good}`, /^2: the option name needs a value$/u],
      [`name="" ${good}`, /^2: name has 0 characters; from 1 to 255$/u],
      [`name="${"x".repeat(256)}" ${good}`, /^2: name has 256 characters; from 1 to 255$/u],
      [`name="a",name="b" ${good}`, /^2: the option name stands there twice$/u],
      [`keys-needed=0 ${good}`, /^2: keys-needed is "0"; from 1 to 16$/u],
      [`keys-needed=17 ${good}`, /^2: keys-needed is "17"; from 1 to 16$/u],
      [`keys-needed=1.5 ${good}`, /^2: keys-needed is "1.5"/u],
      [`expiry-time="20270230" ${good}`, /^2: expiry-time is "20270230"; it must be YYYYMMDD or/u],
      [`expiry-time="202701012460" ${good}`, /^2: expiry-time is "202701012460"/u],
      [`expiry-time="2027-01-01" ${good}`, /^2: expiry-time is "2027-01-01"/u],
      [lineOf("b"), /^2: the same key as on line 1$/u],
      [lineOf("a", "x".repeat(256)), /^2: a comment of 256 characters; at most 255$/u],
      [`keys-needed=3 ${good}`, /^2: keys-needed is 3, but the account has 2 keys$/u],
      [good.slice(0, -8), /^2: not a public key: malformed/u],
    ];
    for (const [line, message] of wrong) {
      const { problems } = await parse(lineOf("b"), line);
      assert.equal(problems.length, 1, line);
      assert.match(problems[0]!, message);
    }
  });

  it("says all that is wrong, up to a limit", async () => {
    const { problems } = await parse("x", lineOf("a"), "y");
    assert.deepEqual(
      problems.map((problem) => problem.slice(0, 3)),
      ["1: ", "3: "],
    );
    const many = await parse(...Array.from({ length: 1_000 }, () => "x"));
    assert.equal(many.problems.length, 10);
  });

  it("lets others have their turn while it is read", async () => {
    const clock = new ManualClock();
    let turns = 0;
    const afterTurn = clock.afterTurn.bind(clock);
    clock.afterTurn = (callback) => {
      turns++;
      afterTurn(callback);
    };
    const lines = Array.from({ length: 2_000 }, (_, index) => lineOf(`key ${index}`));
    const { keys } = await parseAccountFile("aviato", lines.join("\n"), clock);
    assert.deepEqual([keys.length, turns], [2_000, 10]);
  });
});

function identityOf(key: string, more: object = {}) {
  const { fingerprint } = keyOf(key);
  return { account: "aviato", name: "aviato", publicKeyName: "", fingerprint, ...more };
}

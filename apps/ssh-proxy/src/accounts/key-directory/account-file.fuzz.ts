/** Any text is an account's file: keys, each once, or what is wrong with it and on which line. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "holdfast";
import { lineOf } from "../testing/key-of.ts";
import { parseAccountFile } from "./account-file.ts";

const OPTIONS = [
  ...["", "restrict", "name=a", 'name="a b"', "keys-needed=2", "keys-needed=99"],
  ...["expiry-time=20270101", "expiry-time=20279999", "restrict,name=x", "from=y", ",", '"'],
];
const line = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "# comment", "\r"),
  fc
    .tuple(fc.constantFrom(...OPTIONS), fc.constantFrom("a", "b", "c"), fc.string(), fc.nat(120))
    .map(([options, key, comment, cut]) => {
      const text = lineOf(key, comment, options);
      return cut < 20 ? text.slice(0, cut * 5) : text;
    }),
);

it("any text is keys or problems, and names the line", async () => {
  const clock = new ManualClock();
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      const text = lines.join("\n");
      const { keys, problems } = await parseAccountFile("aviato", text, clock);
      const count = text.split("\n").length;
      for (const problem of problems) {
        const [, number = ""] = /^(\d+): ./u.exec(problem) ?? [];
        assert.ok(Number(number) >= 1 && Number(number) <= count, problem);
        assert.doesNotMatch(problem, /\p{Cc}/u);
        assert.ok(problem.length < 500);
      }
      const fingerprints = new Set(keys.map(({ identity }) => identity.fingerprint));
      assert.equal(fingerprints.size, keys.length);
      for (const { identity, expiresEpochMs } of keys) {
        assert.equal(identity.account, "aviato");
        assert.doesNotMatch(identity.name + identity.publicKeyName, /\p{Cc}/u);
        assert.ok(expiresEpochMs > 0);
      }
    }),
    { numRuns: 5_000 },
  );
});

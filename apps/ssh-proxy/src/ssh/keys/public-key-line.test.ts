import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parsePublicKeyLine } from "./public-key-line.ts";
import { KEY_LINES } from "./testing/key-blobs.ts";

const { line } = KEY_LINES[0];
const [type = "", base64 = ""] = line.split(" ");
const bare = `${type} ${base64}`;

describe("a line with a public key", () => {
  it("has a type, a key and maybe a comment, which keeps its blanks", () => {
    assert.equal(parsePublicKeyLine(line).comment, "fixture ed25519");
    assert.equal(parsePublicKeyLine(bare).comment, "");
    assert.equal(parsePublicKeyLine(`\t ${type}\t${base64}   a  b \r`).comment, "a  b");
    assert.equal(parsePublicKeyLine(`${bare} Grüße, "x" # y`).comment, 'Grüße, "x" # y');
    assert.equal(parsePublicKeyLine(`${bare} a\u2028b`).comment, "a\u2028b");
  });

  it("has options in front, with values in quotes or without", () => {
    const text = 'restrict,Name="a \\"b\\", c=d",keys-needed=2,expiry-time="20270101",x@y.z';
    assert.deepEqual(parsePublicKeyLine(`${text} ${line}`).options, [
      { name: "restrict", value: undefined },
      { name: "name", value: 'a "b", c=d' },
      { name: "keys-needed", value: "2" },
      { name: "expiry-time", value: "20270101" },
      { name: "x@y.z", value: undefined },
    ]);
    assert.deepEqual(parsePublicKeyLine(`command="" ${line}`).options, [
      { name: "command", value: "" },
    ]);
  });

  it("is refused with the reason when something is wrong with it", () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ["", /a type of key, such as ssh-ed25519, is expected/u],
      [type, /base64, or cut off/u],
      [`${type} `, /base64, or cut off/u],
      [`${type} ${base64.slice(0, -1)}`, /base64, or cut off/u],
      [`${type} ${base64.slice(0, -4)}`, /not a public key: malformed/u],
      [`${type} ${base64}A===`, /base64, or cut off/u],
      [`${type} ${base64.slice(0, 8)}!${base64.slice(9)}`, /base64, or cut off/u],
      [`ssh-rsa ${base64}`, /says ssh-rsa, the key in it is of type ssh-ed25519/u],
      [`ssh-dss ${base64}`, /type "ssh-dss" are not taken/u],
      [`sk-ssh-ed25519@openssh.com ${base64}`, /are not taken/u],
      [`ssh-ed25519-cert-v01@openssh.com ${base64}`, /are not taken/u],
      [`restrict,ssh-dss ${base64}`, /a type of key, such as/u],
      [base64, /a type of key, such as/u],
      [`a/b ${bare}`, /neither a key nor an option/u],
      [`a=,b ${bare}`, /neither a key nor an option/u],
      [`,a ${bare}`, /neither a key nor an option/u],
      [`a,,b ${bare}`, /neither a key nor an option/u],
      [`a, ${bare}`, /neither a key nor an option/u],
      [`a="b"c ${bare}`, /neither a key nor an option/u],
      [`a="b ${bare}`, /neither a key nor an option/u],
      [`a=b"c" ${bare}`, /neither a key nor an option/u],
      [`a ${bare}\u0000x`, /control character/u],
      [`${bare} x\u001b[2J`, /control character/u],
      [`${bare}\n${bare}`, /control character/u],
      [`${bare} ${"x".repeat(8_192)}`, /at most 8192/u],
    ];
    for (const [text, message] of wrong) {
      assert.throws(() => parsePublicKeyLine(text), { name: "SshKeyError", message }, text);
    }
  });

  it("gives back any options and any comment that were written", () => {
    const value = fc.string({ unit: "grapheme" }).filter((text) => !/[\p{Cc}\\]/u.test(text));
    const name = fc
      .stringMatching(/^[a-z][a-z0-9-]{0,20}$/u)
      .filter((text) => !/^sk-|^ssh-/u.test(text));
    const option = fc.record(
      { name, value: fc.option(value, { nil: undefined }) },
      { noNullPrototype: true },
    );
    const comment = value.map((text) => text.trim());
    fc.assert(
      fc.property(fc.array(option, { maxLength: 5 }), comment, (options, text) => {
        fc.pre(options.length > 0);
        const written = options.map((each) =>
          each.value === undefined
            ? each.name
            : `${each.name}="${each.value.replaceAll('"', '\\"')}"`,
        );
        const parsed = parsePublicKeyLine(`${written.join(",")} ${bare} ${text}`);
        assert.deepEqual(parsed.options, options);
        assert.equal(parsed.comment, text);
      }),
    );
  });
});

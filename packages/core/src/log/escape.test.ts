import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cutText, escapeControl } from "./escape.ts";

/** Any text, one UTF-16 unit like another. */
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("escapeControl", () => {
  it("lets nothing through that ends a line, moves a cursor or turns text around", () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
        const escaped = escapeControl(text);
        assert.doesNotMatch(escaped, /\p{Cc}|\p{Zl}|\p{Zp}|\p{Bidi_Control}/u);
        assert.equal(escapeControl(escaped), escaped);
      }),
    );
  });

  it("writes what it takes out as an escape", () => {
    assert.equal(escapeControl("a\u001b[31mred\r\n"), "a\\u001b[31mred\\u000d\\u000a");
    assert.equal(
      escapeControl("\u0000\u007f\u009b\u2028\u2029\u202e"),
      ["\\u0000", "\\u007f", "\\u009b", "\\u2028", "\\u2029", "\\u202e"].join(""),
    );
  });

  it("leaves readable text of any script as it is", () => {
    for (const text of ["", "plain text", "한국어", "日本語", "עברית", "🙂", "back\\slash"]) {
      assert.equal(escapeControl(text), text);
    }
  });
});

describe("cutText", () => {
  it("keeps the beginning, and short text whole", () => {
    fc.assert(
      fc.property(fc.string({ unit }), fc.nat({ max: 30 }), (text, lengthMax) => {
        assert.equal(cutText(text, lengthMax), text.slice(0, lengthMax));
      }),
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { renderJson } from "./json.ts";

/** Any text, one UTF-16 unit like another. */
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("renderJson", () => {
  it("is JSON of anything, and safe to print on a terminal", () => {
    const value = fc.anything({
      key: fc.string({ unit }),
      values: [fc.string({ unit }), fc.double(), fc.bigInt()],
      withBigInt: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(value, fc.boolean(), (one, pretty) => {
        const text = renderJson(one, pretty);
        JSON.parse(text);
        assert.doesNotMatch(text.replaceAll("\n", ""), /\p{Cc}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });

  it("gives plain values back as they were", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, pretty) => {
        assert.deepEqual(
          JSON.parse(renderJson(value, pretty)),
          JSON.parse(JSON.stringify(value)) as unknown,
        );
      }),
    );
  });

  it("writes as text what JSON has no word for", () => {
    const value = {
      big: 2n ** 63n,
      none: Infinity,
      bytes: new Uint8Array([1, 2, 3]),
      map: new Map([["a", 1n]]),
      set: new Set(["b"]),
      error: Object.assign(new Error("bad"), { code: "E1" }),
      left: undefined,
    };
    assert.deepEqual(JSON.parse(renderJson(value, false)), {
      big: "9223372036854775808",
      none: "Infinity",
      bytes: "AQID",
      map: [["a", "1"]],
      set: ["b"],
      error: { name: "Error", message: "bad", code: "E1" },
    });
    assert.equal(renderJson(undefined, false), "null");
  });

  it("cuts circles, and shows what merely stands in two places twice", () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { left: shared, right: shared };
    value["self"] = value;
    value["within"] = new Map([["value", value]]);
    assert.deepEqual(JSON.parse(renderJson(value, true)), {
      left: { a: 1 },
      right: { a: 1 },
      self: "[circular]",
      within: [["value", "[circular]"]],
    });
  });
});

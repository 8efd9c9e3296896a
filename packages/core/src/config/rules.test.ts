import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { collectSchemas } from "./live-schema.ts";
import { type ConfigRules, compileRules, formatConfigProblem, valuesFor } from "./rules.ts";
import { LIMIT_LIVE, PAUSE_LIVE } from "./testing/limit-schema.ts";

const SCHEMAS = collectSchemas([LIMIT_LIVE, PAUSE_LIVE]);
const LIMITS = { rulesMax: 10, documentMaxBytes: 1_000, depthMax: 6 };

/** From the least to the most specific: the order that the guide documents. */
const ORDER = [
  "*/*/*",
  "feed/*/*",
  "*/history/*",
  "*/*/Get",
  "feed/history/*",
  "feed/*/Get",
  "*/history/Get",
  "feed/history/Get",
];
const KEY = { caller: "feed", callee: "history", method: "Get" };

describe("the rules for a call", () => {
  it("are overlaid in the documented order, whatever order they came in", () => {
    for (let count = 1; count <= ORDER.length; count++) {
      const paths = ORDER.slice(0, count).reverse();
      const rules = compile(
        paths.map((path) => [path, { limit: { callsMax: ORDER.indexOf(path) + 1 } }]),
      );
      assert.equal(valueOf(rules, "callsMax")?.value, count);
      assert.equal(valueOf(rules, "callsMax")?.path, ORDER[count - 1]);
    }
  });

  it("win field by field", () => {
    const rules = compile([
      ["feed/history/Get", { limit: { callsMax: 1 } }],
      ["*/history/*", { limit: { callsMax: 2, dark: true } }],
      ["*/*/*", { limit: { ratio: 0.1, dark: false } }],
    ]);
    const values = valuesFor([{ source: "s", rules }], KEY, "limit");
    assert.deepEqual(
      [...values].map(([field, { value, path }]) => [field, value, path]),
      [
        ["ratio", 0.1, "*/*/*"],
        ["dark", true, "*/history/*"],
        ["callsMax", 1, "feed/history/Get"],
      ],
    );
  });

  it("are for nobody else", () => {
    const rules = compile([
      ["feed/history/Get", { limit: { callsMax: 1 } }],
      ["feed/history/*", { limit: { ratio: 1 } }],
    ]);
    for (const key of [
      { ...KEY, caller: "" },
      { ...KEY, caller: "*" },
      { ...KEY, callee: "other" },
      { caller: "feed", callee: "history/Get", method: "" },
      { caller: "__proto__", callee: "constructor", method: "toString" },
    ]) {
      assert.equal(valuesFor([{ source: "s", rules }], key, "limit").size, 0);
    }
  });

  it("of a later source win under the same path, and not over a more specific one", () => {
    const first = compile([
      ["*/history/*", { limit: { callsMax: 1, ratio: 0.1 } }],
      ["feed/history/*", { limit: { dark: true } }],
    ]);
    const second = compile([["*/history/*", { limit: { callsMax: 2, dark: false } }]]);
    const sets = [
      { source: "file", rules: first },
      { source: "etcd", rules: second },
    ];
    const values = valuesFor(sets, KEY, "limit");
    const shown = [...values].map(
      ([field, { value, source }]) => `${field} ${String(value)} ${source}`,
    );
    assert.deepEqual(shown, ["callsMax 2 etcd", "ratio 0.1 file", "dark true file"]);
  });
});

describe("documents", () => {
  it("are refused together when one is wrong, with path and reason", () => {
    for (const [document, reason] of [
      [{ limit: { callsMax: 0 } }, /^limit\.callsMax: is 0; .* whole number \(calls\) from 1 to/],
      [{ limit: { callsMax: 1.5 } }, /^limit\.callsMax: is 1\.5/],
      [{ limit: { callsMax: "2" } }, /^limit\.callsMax: is "2"/],
      [{ limit: { ratio: 1.01 } }, /^limit\.ratio: is 1\.01; it must be a number \(ratio\)/],
      [{ limit: { ratio: null } }, /^limit\.ratio: is null/],
      [{ limit: { dark: 1 } }, /^limit\.dark: is 1; it must be true or false/],
      [{ limit: { mode: "odd" } }, /^limit\.mode: .* one of "fixed", "adaptive"/],
      [{ limit: { reason: "x".repeat(11) } }, /^limit\.reason: .* at most 10 letters, or null/],
      [{ limit: { calls: 1 } }, /^limit: there is no field "calls"; there are callsMax, /],
      [{ limit: 5 }, /^limit: is 5; it must be an object of fields/],
      [{ limit: [] }, /^limit: is \[\]/],
      [{ lmit: {} }, /^there is no policy "lmit"; there are limit, pause/],
      [{ toString: {} }, /^there is no policy "toString"/],
      [{ limit: { constructor: 1 } }, /^limit: there is no field "constructor"/],
      ['{"limit": {"__proto__": {"callsMax": 1}}}', /named __proto__/],
      ['{"__proto__": {}}', /named __proto__/],
      [{ limit: { fallback: [[[[[[[1]]]]]]] } }, /nested too deeply/],
      [{ limit: { fallback: "x".repeat(1_000) } }, /is larger than 1000 bytes/],
      [{ limit: { fallback: "ä".repeat(495) } }, /is larger than 1000 bytes/],
      ["[]", /^is \[\]; it must be an object of policies/],
      ["null", /^is null; it must be an object/],
      ["{", /^is no JSON: /],
      ["", /^is no JSON: /],
      [{ $change: "me" }, /^\$change: is "me"/],
      [{ $change: { by: 5 } }, /^\$change: /],
      [{ $change: { who: "me" } }, /^\$change: /],
    ] as const) {
      const text = typeof document === "string" ? document : JSON.stringify(document);
      const entries = new Map([
        ["*/*/*", '{"limit":{"callsMax":5}}'],
        ["feed/history/Get", text],
      ]);
      const compiled = compileRules(entries, SCHEMAS, LIMITS);
      assert.ok(compiled.kind === "refused", text);
      assert.equal(compiled.problems[0]!.path, "feed/history/Get");
      assert.match(compiled.problems[0]!.reason, reason);
    }
  });

  it("are refused under a path that means nothing", () => {
    for (const path of [
      "",
      "feed",
      "feed/history",
      "feed/history/Get/more",
      "feed//Get",
      "fe*/history/Get",
      "feed/his tory/Get",
      "feed/history/Get\n",
      `feed/${"x".repeat(129)}/Get`,
      "\ud800/history/Get",
    ]) {
      const compiled = compileRules(new Map([[path, "{}"]]), SCHEMAS, LIMITS);
      assert.ok(compiled.kind === "refused", path);
      assert.match(compiled.problems[0]!.reason, /^the path /);
      assert.doesNotMatch(compiled.problems[0]!.path, /\p{Cc}/u);
    }
  });

  it("are refused when there are too many", () => {
    const entries = new Map(Array.from({ length: 11 }, (_, index) => [`*/*/m${index}`, "{}"]));
    const compiled = compileRules(entries, SCHEMAS, LIMITS);
    assert.ok(compiled.kind === "refused");
    assert.match(compiled.problems[0]!.reason, /there are 11 documents, more than 10/);
  });

  it("say what null means where a field may have none, and who changed them", () => {
    const change = { by: "ann", at: "2026-01-01T00:00:00Z", why: "slow disk" };
    const rules = compile([["*/*/*", { limit: { reason: null }, $change: change }]]);
    const rule = rules.get("*/*/*")!;
    assert.deepEqual([...rule.policies.get("limit")!], [["reason", undefined]]);
    assert.deepEqual(rule.change, change);
  });

  it("have their problems shown as source, path, reason", () => {
    const problem = { path: "a/b/c", reason: "limit.ratio: is 2" };
    assert.equal(formatConfigProblem("live.json", problem), "live.json: a/b/c: limit.ratio: is 2");
    assert.equal(formatConfigProblem("live.json", { path: "", reason: "x" }), "live.json: x");
  });
});

describe("schemas", () => {
  it("are refused when two have one name, or a name is none", () => {
    assert.throws(() => collectSchemas([LIMIT_LIVE, { ...LIMIT_LIVE }]), /two .* named limit/);
    for (const policy of ["__proto__", "$change", "Limit", ""]) {
      assert.throws(() => collectSchemas([{ policy, fields: {} }]), RangeError);
    }
    assert.equal(collectSchemas([LIMIT_LIVE, LIMIT_LIVE]).size, 1);
  });
});

function compile(documents: readonly (readonly [string, unknown])[]): ConfigRules {
  const entries = new Map(documents.map(([path, value]) => [path, JSON.stringify(value)]));
  const compiled = compileRules(entries, SCHEMAS, LIMITS);
  if (compiled.kind === "rules") return compiled.rules;
  return assert.fail(JSON.stringify(compiled.problems));
}

function valueOf(rules: ConfigRules, field: string) {
  return valuesFor([{ source: "s", rules }], KEY, "limit").get(field);
}

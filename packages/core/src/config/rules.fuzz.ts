/** Any documents under any paths: rules that the schemas allow, or clear problems within limits. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { collectSchemas, fits, type LiveField } from "./live-schema.ts";
import { compileRules, formatConfigProblem, valuesFor } from "./rules.ts";
import { LIMIT_LIVE, PAUSE_LIVE } from "./testing/limit-schema.ts";

const SCHEMAS = collectSchemas([LIMIT_LIVE, PAUSE_LIVE]);
const LIMITS = { rulesMax: 8, documentMaxBytes: 2_000, depthMax: 8 };
const RUNS = { numRuns: 20_000 };

const part = fc.oneof(fc.constantFrom("*", "feed", "history", "__proto__", ""), fc.string());
const path = fc.oneof(
  fc.tuple(part, part, part).map((parts) => parts.join("/")),
  fc.string(),
);
const name = fc.oneof(
  fc.constantFrom("limit", "pause", "$change", "__proto__", "constructor", "callsMax", "ratio"),
  fc.string(),
);
const value = fc.oneof(
  fc.constantFrom(0, 1, 0.5, -1, 1e308, null, true, "fixed", "adaptive"),
  fc.jsonValue(),
);
const json = fc
  .dictionary(name, fc.oneof(value, fc.dictionary(name, value)))
  .map((document) => JSON.stringify(document));
const text = fc.oneof(
  json,
  fc.string(),
  fc.json(),
  json.map((good) => good.slice(0, -1)),
);

it("gives rules or problems for any documents, and changes no prototype", () => {
  fc.assert(
    fc.property(fc.dictionary(path, text, { maxKeys: 10 }), (documents) => {
      const compiled = compileRules(new Map(Object.entries(documents)), SCHEMAS, LIMITS);
      assert.deepEqual(Object.keys(Object.prototype), []);
      if (compiled.kind === "refused") {
        assert.ok(compiled.problems.length > 0 && compiled.problems.length <= 20);
        for (const problem of compiled.problems) {
          assert.ok(problem.reason.length > 0 && problem.reason.length < 1_000, problem.reason);
          assert.ok(formatConfigProblem("source", problem).startsWith("source: "));
        }
        return;
      }
      for (const rule of compiled.rules.values()) {
        for (const [policy, fields] of rule.policies) {
          const schema = SCHEMAS.get(policy)!;
          for (const [field, given] of fields) {
            const kind: LiveField = schema.fields[field]!;
            assert.ok(fits(kind, given ?? null), `${policy}.${field}`);
          }
        }
      }
      const sets = [{ source: "s", rules: compiled.rules }];
      const key = { caller: "feed", callee: "history", method: "__proto__" };
      for (const [field, ruled] of valuesFor(sets, key, "limit")) {
        assert.ok(Object.hasOwn(LIMIT_LIVE.fields, field));
        assert.equal(
          compiled.rules.get(ruled.path)?.policies.get("limit")?.get(field),
          ruled.value,
        );
      }
    }),
    RUNS,
  );
});

/** Any line of a watch and any reply: a message, or one of our errors. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { ServiceError } from "@holdfast/core";
import fc from "fast-check";
import { parseJson, readRange, readWatchLine } from "./gateway-message.ts";

const name = fc.constantFrom(
  ...["result", "error", "message", "created", "canceled", "compact_revision", "events", "type"],
  ...["kv", "kvs", "key", "value", "mod_revision", "header", "revision", "cluster_id", "count"],
);
const { tree: json } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("1", "-1", "9e99", "a2V5", "DELETE", "", true, false, null, 0, -1, 1.5),
    fc.string(),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(name, tie("tree"), { maxKeys: 4 }),
  ),
}));
const text = fc.oneof(
  fc.string(),
  json.map((value) => JSON.stringify(value)),
);

it("gives a message or one of our errors", () => {
  fc.assert(
    fc.property(text, (line) => {
      for (const read of [readWatchLine, (said: string) => readRange(parseJson(said))]) {
        try {
          assert.ok(typeof read(line) === "object");
        } catch (error) {
          assert.ok(error instanceof ServiceError && error.code === "protocol", String(error));
        }
      }
    }),
    { numRuns: 50_000 },
  );
});

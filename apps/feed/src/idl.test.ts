import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

test("speaks of the history as the history does", () => {
  const apps = join(import.meta.dirname, "../..");
  const [ours, theirs] = ["feed", "feed-history"].map((app) =>
    readFileSync(join(apps, app, "idl/feed_history.thrift"), "utf8"),
  );
  assert.equal(ours, theirs);
});

/** docs/reference/ssh-routes.md says what is so. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { requestFor } from "../testing/route-desk.ts";
import { ROUTE_FILE_DEFAULTS } from "./options.ts";
import { parseRoutes, type RouteTable } from "./route-table.ts";

const PAGE = join(import.meta.dirname, "../../../../../docs/reference/ssh-routes.md");

function documented(): RouteTable {
  const [, json = ""] = /```json\n(.*?)```/s.exec(readFileSync(PAGE, "utf8")) ?? [];
  const parsed = parseRoutes(json, ROUTE_FILE_DEFAULTS);
  return parsed.kind === "table" ? parsed.table : assert.fail(parsed.reason);
}

it("the file of routes in the reference can be taken, and leads where it says", () => {
  const table = documented();
  const path = (...request: Parameters<typeof requestFor>): string =>
    table.route(requestFor(...request)).path;
  assert.equal(path("archive/a/b"), "/srv/archive/a/b");
  assert.equal(path("team/x.git"), "/srv/git/aviato/team/x.git");
  assert.equal(path("hg/x", { verb: "hg-serve", account: "hooli" }), "/srv/hg/hooli/x");
  assert.throws(() => path("hg/x"), { code: "not-found" });
  assert.throws(() => path("archive/a", { verb: "hg-serve" }), /Mercurial's command could write/);
});

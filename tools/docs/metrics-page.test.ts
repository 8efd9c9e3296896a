/** The page of metrics has every metric of the packages and the programs, and no other. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { isForTests } from "../source/place.ts";
import { readRepository } from "../source/source-tree.ts";

const PAGE = "docs/reference/metrics.md";
/** As they are named in the sources; `_total` is added to counters when they are shown. */
const NAMED = /\b(?:name: |gauge\()["`]((?:holdfast|process|nodejs|ssh_proxy)_[\w${}]+)["`]/g;
const LISTED = /^\| `(\w+)` +\|/gm;
const SIDES = ["server", "client"];

it("lists every metric, and no other", () => {
  const tree = readRepository(join(import.meta.dirname, "..", ".."));
  const sources = tree.typescript.filter(
    (path) => /^(packages|apps)\//.test(path) && !isForTests(path),
  );
  const named = sources.flatMap((path) =>
    Array.from(tree.text(path).matchAll(NAMED), ([, name = ""]) => name),
  );
  const expected = named.flatMap((name) =>
    name.includes("${side}") ? SIDES.map((side) => name.replace("${side}", side)) : name,
  );
  const listed = Array.from(tree.text(PAGE).matchAll(LISTED), ([, name = ""]) => name);
  assert.deepEqual(listed.map(withoutTotal).toSorted(), [...new Set(expected)].toSorted());
});

function withoutTotal(name: string): string {
  return name.replace(/_total$/, "");
}

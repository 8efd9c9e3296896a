/** The page about the SSH log says what the code does: every event, field and reason, no other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { AUDIT_EVENTS } from "./audit/audit-log.ts";
import { COMMON_FIELDS, EVENT_FIELDS } from "./event-record.ts";
import { END_REASONS } from "./forensic-event.ts";

const PAGE = readFileSync(
  new URL("../../../../docs/reference/ssh-log.md", import.meta.url),
  "utf8",
);
/** The first cell of a table's row, where it is a name in code. */
const ROW = /^\| `([\w-]+)` +\|/gm;
const EVENT = /^### `(\w+)`\n([^]*?)(?=^##)/gm;

it("lists every event with its fields, in their order", () => {
  const listed = Array.from(PAGE.matchAll(EVENT), ([, name = "", text = ""]) => [
    name,
    names(text),
  ]);
  const expected = Object.entries(EVENT_FIELDS).map(([name, fields]) => [
    name,
    Object.keys(fields),
  ]);
  assert.deepEqual(listed, expected);
});

it("lists what stands on every line", () => {
  assert.deepEqual(names(section("Events").split("###")[0]!), Object.keys(COMMON_FIELDS));
});

it("lists every reason for an end", () => {
  assert.deepEqual(names(section("Reasons")), [...END_REASONS]);
});

it("lists the lines that the audit file has of its own", () => {
  assert.deepEqual(names(section("The audit file")), [...AUDIT_EVENTS]);
});

function section(heading: string): string {
  const [, rest = ""] = PAGE.split(`\n## ${heading}\n`);
  return rest.split("\n## ")[0]!;
}

function names(text: string): string[] {
  return Array.from(text.matchAll(ROW), ([, name = ""]) => name);
}

import assert from "node:assert/strict";
import { it } from "node:test";
import { ERROR_CODES, ServiceError } from "@holdfast/core";
import { findingsOf } from "../tidy/findings-of.ts";
import { ERRORS_PAGE, errorsPage } from "./errors-page.ts";

const ROWS = ERROR_CODES.map((code) => {
  return `| \`${code}\` | ${new ServiceError(code, "").retryable ? "yes" : "no"} | text |`;
});

function check(rows: readonly string[]): string[] {
  return findingsOf(errorsPage, { [ERRORS_PAGE]: rows.join("\n") });
}

it("is content with every code in order", () => {
  assert.deepEqual(check(ROWS), []);
});

it("misses codes, and finds those that are none", () => {
  assert.deepEqual(check(ROWS.slice(1)), [`${ERRORS_PAGE}: cancelled is missing`]);
  assert.deepEqual(check([...ROWS, "| `gone` | no | text |"]), [
    `${ERRORS_PAGE}:${ROWS.length + 1}: gone is no code of core`,
  ]);
});

it("compares whether to try again, and the order", () => {
  const wrong = ROWS.map((row) => row.replace("`cancelled` | no", "`cancelled` | yes"));
  assert.deepEqual(check(wrong), [`${ERRORS_PAGE}:1: cancelled says yes; its source does not`]);
  assert.match(check(ROWS.toReversed()).join(), /not in the order of the source: cancelled, /);
});

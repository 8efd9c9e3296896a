/** The page of error codes has every code of the source, in its order, and no other. */
import { ERROR_CODES, isErrorCode, ServiceError } from "@holdfast/core";
import { linesOutsideCode } from "../source/markdown.ts";
import type { Finding, Rule } from "../tidy/rule.ts";

export const ERRORS_PAGE = "docs/reference/errors.md";

/** `| code | retryable | …`: the first two columns of the table. */
const ROW = /^\| *`([\w-]+)` *\| *(yes|no) *\|/;

export const errorsPage: Rule = {
  name: "errors-page",
  promise: "the page of errors has every code, and whether to try again, as the source has it",
  check(tree) {
    const path = ERRORS_PAGE;
    const findings: Finding[] = [];
    const found: string[] = [];
    for (const { line, text } of linesOutsideCode(tree.files.get(path) ?? "")) {
      const [, code, retryable] = ROW.exec(text) ?? [];
      if (code === undefined) continue;
      found.push(code);
      if (!isErrorCode(code)) {
        findings.push({ path, line, message: `${code} is no code of core` });
      } else if ((retryable === "yes") !== new ServiceError(code, "").retryable) {
        findings.push({ path, line, message: `${code} says ${retryable}; its source does not` });
      }
    }
    const missing = ERROR_CODES.filter((code) => !found.includes(code));
    for (const code of missing) findings.push({ path, message: `${code} is missing` });
    if (findings.length === 0 && found.join() !== ERROR_CODES.join()) {
      findings.push({ path, message: `not in the order of the source: ${ERROR_CODES.join(", ")}` });
    }
    return findings;
  },
};

/** Lock files say what is installed, not where it once was downloaded from. */
import type { Rule } from "../rule.ts";

export const lockFiles: Rule = {
  name: "lock-files",
  promise: "lock files have no download addresses",
  check: (tree) =>
    [...tree.files].flatMap(([path, text]) => {
      if (!path.endsWith("package-lock.json")) return [];
      const line = text.split("\n").findIndex((each) => /"resolved":\s*"(http|git)/.test(each));
      const message = "has addresses: write it again with omit-lockfile-registry-resolved, .npmrc";
      return line < 0 ? [] : [{ path, line: line + 1, message }];
    }),
};

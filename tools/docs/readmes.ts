/** Every package and program says on a page of its own what it is. */
import type { Rule } from "../tidy/rule.ts";

export const readmes: Rule = {
  name: "readmes",
  promise: "every package has a README",
  check: (tree) =>
    [...tree.files.keys()].flatMap((path) => {
      const folder = /^((?:packages|apps)\/[^/]+)\/package\.json$/.exec(path)?.[1];
      if (folder === undefined || tree.files.has(`${folder}/README.md`)) return [];
      const message = "what it is, an example that runs, its place, a sentence per dependency";
      return [{ path: `${folder}/README.md`, message: `is missing: ${message}` }];
    }),
};

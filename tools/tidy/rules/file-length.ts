/** A file is about one thing; one that is long all the same says why it is one. */
import { isGenerated } from "../../source/place.ts";
import type { Rule } from "../rule.ts";

const LINES_MAX = 400;

export const fileLength: Rule = {
  name: "file-length",
  promise: `a file above ${LINES_MAX} lines says in its header why it is one file`,
  check: (tree) =>
    tree.typescript.flatMap((path) => {
      const lines = tree.text(path).trimEnd().split("\n").length;
      if (lines <= LINES_MAX || isGenerated(path)) return [];
      if (/\bone file\b/i.test(tree.module(path).header)) return [];
      const message = `${lines} lines: split it, or say in its header: "one file, because …"`;
      return [{ path, message }];
    }),
};

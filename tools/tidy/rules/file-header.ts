/** A reader who opens a file learns first what it is and where it stands. */
import { isGenerated } from "../../source/place.ts";
import type { Rule } from "../rule.ts";

export const fileHeader: Rule = {
  name: "file-header",
  promise: "files open with a comment that says what they are",
  check: (tree) =>
    tree.typescript.flatMap((path) => {
      if (isGenerated(path) || saysItself(path) || tree.module(path).header !== "") return [];
      return [{ path, message: "open with one to three sentences: what it is, where it stands" }];
    }),
};

/** Tests are named after what they test, and their names are promises. */
function saysItself(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** A folder or file is named after the one thing in it, and not after having no better name. */
import type { Rule } from "../rule.ts";

const SAYS_NOTHING = /(^|\/)(utils?|helpers?|common|misc|shared|stuff)(\.ts|\/)/;

export const fileNames: Rule = {
  name: "file-names",
  promise: "files and folders are named after what is in them",
  check: (tree) =>
    tree.typescript.flatMap((path) => {
      const name = path.includes("/testdata/") ? undefined : SAYS_NOTHING.exec(path)?.[2];
      if (name === undefined) return [];
      return [{ path, message: `"${name}" says nothing: name it after what is in it` }];
    }),
};

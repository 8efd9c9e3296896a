/** Nothing is kept between calls that was not made for them: modules have no variables. */
import { isForTests, isGenerated } from "../../source/place.ts";
import type { Rule } from "../rule.ts";

export const moduleState: Rule = {
  name: "module-state",
  promise: "no module has a variable of its own",
  check: (tree) =>
    tree.typescript.flatMap((path) => {
      if (isForTests(path) || isGenerated(path)) return [];
      const module = tree.module(path);
      const lines: number[] = [];
      module.walk((node, ancestors) => {
        const isTop = ancestors.every(({ type }) => /^(Program|ExportNamed.*)$/.test(type));
        if (node.type !== "VariableDeclaration" || !isTop || node.kind === "const") return;
        lines.push(module.lineAt(node.start));
      });
      const message = "a module-level variable: make it a field of what is created and passed in";
      return lines.map((line) => ({ path, line, message }));
    }),
};

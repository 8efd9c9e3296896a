/**
 * Functions fit a screen. Those that do not are counted in function-length.json, each with its
 * length, which may only go down: a longer one fails, and so does a shorter one until its number is
 * lowered.
 */
import type { Module, Node } from "../../source/module.ts";
import { isGenerated } from "../../source/place.ts";
import type { Finding, Rule } from "../rule.ts";

const LINES_MAX = 70;
export const TABLE_PATH = "tools/tidy/function-length.json";
/** They only hold tests, each of which is a function of its own. */
const CONTAINERS = new Set(["describe", "suite"]);

interface Measured {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

export const functionLength: Rule = {
  name: "function-length",
  promise: `functions have at most ${LINES_MAX} lines, or get shorter`,
  check(tree) {
    const table = JSON.parse(tree.files.get(TABLE_PATH) ?? "{}") as Record<string, number>;
    const left = new Map(Object.entries(table));
    const findings: Finding[] = [];
    for (const path of tree.typescript) {
      if (isGenerated(path)) continue;
      for (const { name, line, lines } of longFunctions(tree.module(path))) {
        const key = `${path} ${name}`;
        const allowed = left.get(key);
        left.delete(key);
        if (allowed === lines) continue;
        findings.push({ path, line, message: complaint(name, lines, allowed) });
      }
    }
    for (const key of left.keys()) {
      findings.push({ path: TABLE_PATH, message: `remove "${key}": it is short enough` });
    }
    return findings;
  },
};

function complaint(name: string, lines: number, allowed: number | undefined): string {
  if (allowed === undefined) return `${name} has ${lines} lines; at most ${LINES_MAX}: split it`;
  if (lines > allowed) return `${name} has ${lines} lines, and had ${allowed}: it may only shrink`;
  return `${name} has ${lines} lines, and had ${allowed}: lower its number in ${TABLE_PATH}`;
}

function longFunctions(module: Module): Measured[] {
  const found: Measured[] = [];
  module.walk((node, ancestors) => {
    if (!isFunction(node) || isContainer(ancestors.at(-1))) return;
    const line = module.lineAt(node.start);
    const lines = module.lineAt(node.end) - line + 1;
    if (lines > LINES_MAX) found.push({ name: nameOf(node, ancestors), line, lines });
  });
  return found;
}

function isFunction(node: Node): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

function isContainer(parent: Node | undefined): boolean {
  if (parent?.type !== "CallExpression" || parent.callee.type !== "Identifier") return false;
  return CONTAINERS.has(parent.callee.name);
}

/** A name that stays when lines above it change. */
function nameOf(node: Node, ancestors: readonly Node[]): string {
  if (node.type === "FunctionDeclaration" && node.id !== null) return node.id.name;
  const parent = ancestors.at(-1);
  switch (parent?.type) {
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      if (parent.key.type === "Identifier") return parent.key.name;
      break;
    case "VariableDeclarator":
      if (parent.id.type === "Identifier") return parent.id.name;
      break;
    case "CallExpression": {
      const [first] = parent.arguments;
      if (first?.type === "Literal") return `"${String(first.value)}"`;
      break;
    }
    default:
  }
  return "anonymous";
}

/** One TypeScript file as a syntax tree, with what every rule asks of it. */
import { type Comment, type Node, parseSync, visitorKeys } from "oxc-parser";

export type { Node } from "oxc-parser";

export interface Import {
  /** As it is written: `./frame.ts`, `@holdfast/core`, `node:fs`. */
  readonly specifier: string;
  readonly line: number;
  /** Whether nothing is left of it at run time. */
  readonly typeOnly: boolean;
  /** The names it takes; `*` and `default` among them. */
  readonly names: readonly string[];
}

/** Sees a node before those in it; `ancestors` from the root down to its parent. */
export type Visit = (node: Node, ancestors: readonly Node[]) => void;

export class Module {
  readonly path: string;
  readonly text: string;
  readonly comments: readonly Comment[];
  private readonly program: Node;
  private readonly lineStarts: number[];
  private foundImports: readonly Import[] | undefined = undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    const { program, comments, errors } = parseSync(path, text);
    if (errors[0] !== undefined) throw new SyntaxError(`${path}: ${errors[0].message}`);
    this.program = program;
    this.comments = comments;
    this.lineStarts = [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)];
  }

  /** From 1. */
  lineAt(offset: number): number {
    let [low, high] = [0, this.lineStarts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** The comment that the file opens with, without its signs; empty when there is none. */
  get header(): string {
    const lines: string[] = [];
    let at = 0;
    for (const { type, value, start, end } of this.comments) {
      // Under the line that makes it a program.
      if (this.text.slice(at, start).replace(/^#!.*/, "").trim() !== "") break;
      lines.push(type === "Block" ? commentText(value) : value.trim());
      if (type === "Block") break;
      at = end;
    }
    return lines.join("\n");
  }

  /** The doc comment that ends right before `offset`, or undefined. */
  docBefore(offset: number): string | undefined {
    const comment = this.comments.findLast(({ end }) => end <= offset);
    if (comment === undefined || !comment.value.startsWith("*")) return undefined;
    const between = this.text.slice(comment.end, offset);
    return between.trim() === "" ? commentText(comment.value) : undefined;
  }

  /** Static and dynamic imports, and exports from elsewhere. */
  get imports(): readonly Import[] {
    this.foundImports ??= findImports(this);
    return this.foundImports;
  }

  walk(visit: Visit): void {
    walkNode(this.program, [], visit);
  }
}

/** The words of a block comment: `value` is what stands between its delimiters. */
function commentText(value: string): string {
  return value
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}

function walkNode(node: Node, ancestors: Node[], visit: Visit): void {
  visit(node, ancestors);
  ancestors.push(node);
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null>)[key];
    if (Array.isArray(child)) {
      for (const each of child) if (each !== null) walkNode(each, ancestors, visit);
    } else if (child !== null && child !== undefined) walkNode(child, ancestors, visit);
  }
  ancestors.pop();
}

function findImports(module: Module): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, start: number, typeOnly: boolean, names: string[]): void => {
    found.push({ specifier, line: module.lineAt(start), typeOnly, names });
  };
  module.walk((node) => {
    switch (node.type) {
      case "ImportDeclaration": {
        const typeOnly = node.importKind === "type";
        const names = node.specifiers.map((each) => {
          if (each.type === "ImportNamespaceSpecifier") return "*";
          if (each.type === "ImportDefaultSpecifier") return "default";
          return "name" in each.imported ? each.imported.name : each.imported.value;
        });
        return add(node.source.value, node.start, typeOnly, names);
      }
      case "ExportNamedDeclaration":
        if (node.source === null) return;
        return add(node.source.value, node.start, node.exportKind === "type", []);
      case "ExportAllDeclaration":
        return add(node.source.value, node.start, node.exportKind === "type", ["*"]);
      case "ImportExpression":
        if (node.source.type !== "Literal" || typeof node.source.value !== "string") return;
        return add(node.source.value, node.start, false, ["*"]);
      case "TSImportType":
        return add(node.source.value, node.start, true, []);
      default:
    }
  });
  return found;
}

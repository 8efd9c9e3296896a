/**
 * Reads options out of the sources: the exported interfaces whose names end in Options, the comment
 * of each field, and its default where a constant of that type says it.
 */
import type { Module, Node } from "../source/module.ts";
import { isForTests, isGenerated, resolveRelative } from "../source/place.ts";
import type { SourceTree } from "../source/source-tree.ts";
import { evaluate } from "./evaluate.ts";

export interface OptionsInterface {
  readonly name: string;
  /** Where it stands. */
  readonly path: string;
  readonly line: number;
  /** Empty when it has none. */
  readonly doc: string;
  readonly options: readonly Option[];
}

export interface Option {
  readonly name: string;
  readonly line: number;
  /** As it is written. */
  readonly type: string;
  readonly doc: string | undefined;
  /** What the constant of defaults says; undefined when there is none, or it is no plain value. */
  readonly fallback: number | boolean | string | undefined;
}

/** Those that a package's door shows, and those of programs; by path, then as they stand. */
export function readOptions(tree: SourceTree): OptionsInterface[] {
  const shown = new Set(doors(tree).flatMap((door) => [...exportsOf(tree, door)]));
  return tree.typescript
    .filter((path) => /^(packages|apps)\//.test(path) && !isForTests(path) && !isGenerated(path))
    .flatMap((path) => interfacesOf(tree.module(path)))
    .filter(({ name, path }) => path.startsWith("apps/") || shown.has(`${path} ${name}`))
    .filter(({ options }) => options.some(({ doc }) => /\bdefault\b/i.test(doc ?? "")));
}

function doors(tree: SourceTree): string[] {
  return tree.typescript.filter((path) => /^packages\/[^/]+\/src\/index\.ts$/.test(path));
}

/** `path name` of everything that a file exports, others' files behind it included. */
function exportsOf(tree: SourceTree, path: string): Set<string> {
  const found = new Set<string>();
  tree.module(path).walk((node) => {
    if (node.type === "ExportAllDeclaration" && node.source.value.startsWith(".")) {
      const target = resolveRelative(path, node.source.value);
      for (const each of exportsOf(tree, target)) found.add(each);
    }
    if (node.type !== "ExportNamedDeclaration") return;
    const from = node.source === null ? path : resolveRelative(path, node.source.value);
    for (const { local } of node.specifiers) {
      if ("name" in local) found.add(`${from} ${local.name}`);
    }
    const { declaration } = node;
    if (declaration?.type === "TSInterfaceDeclaration") found.add(`${path} ${declaration.id.name}`);
  });
  return found;
}

function interfacesOf(module: Module): OptionsInterface[] {
  const defaults = defaultsOf(module);
  const found: OptionsInterface[] = [];
  module.walk((node, ancestors) => {
    if (node.type !== "TSInterfaceDeclaration" || !node.id.name.endsWith("Options")) return;
    const parent = ancestors.at(-1);
    if (parent?.type !== "ExportNamedDeclaration") return;
    const values = defaults.get(node.id.name);
    found.push({
      name: node.id.name,
      path: module.path,
      line: module.lineAt(parent.start),
      doc: module.docBefore(parent.start) ?? "",
      options: node.body.body.flatMap((member) => {
        if (member.type !== "TSPropertySignature" || member.key.type !== "Identifier") return [];
        const { name } = member.key;
        const type = member.typeAnnotation?.typeAnnotation;
        return [
          {
            name,
            line: module.lineAt(member.start),
            type: type === undefined ? "" : module.text.slice(type.start, type.end),
            doc: module.docBefore(member.start),
            fallback: values?.get(name),
          },
        ];
      }),
    });
  });
  return found;
}

type Values = ReadonlyMap<string, number | boolean | string>;

/** By interface: the values of `const … : XOptions = { … }`. */
function defaultsOf(module: Module): ReadonlyMap<string, Values> {
  const constants = new Map<string, Node>();
  const found = new Map<string, Values>();
  module.walk((node) => {
    if (node.type !== "VariableDeclarator" || node.id.type !== "Identifier") return;
    if (node.init === null) return;
    constants.set(node.id.name, node.init);
    const type = node.id.typeAnnotation?.typeAnnotation;
    if (type?.type !== "TSTypeReference" || type.typeName.type !== "Identifier") return;
    if (node.init.type !== "ObjectExpression" || !type.typeName.name.endsWith("Options")) return;
    const values = new Map<string, number | boolean | string>();
    for (const property of node.init.properties) {
      if (property.type !== "Property" || property.key.type !== "Identifier") continue;
      const value = evaluate(property.value, constants);
      if (value !== undefined) values.set(property.key.name, value);
    }
    found.set(type.typeName.name, values);
  });
  return found;
}

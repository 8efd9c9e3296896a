// Parsed files to the model: names joined with what they name, in the order in which each step
// needs the one before it.

import { checkDefaults } from "./check-defaults.ts";
import { checkFinite } from "./check-finite.ts";
import { ConstantEvaluator } from "./constants.ts";
import { declareFile } from "./declare.ts";
import { linkEnum } from "./link-enums.ts";
import { linkFields } from "./link-fields.ts";
import { linkInheritance, linkService } from "./link-services.ts";
import { linkType, linkTypedef } from "./link-types.ts";
import type { LoadedFile } from "./load.ts";
import type { Program } from "./model.ts";
import type { IdlOptions } from "./options.ts";
import type { ProblemList } from "./problem.ts";
import type { ConstantSymbol, FileScope, LinkContext, StructSymbol, TypeSymbol } from "./scope.ts";

/**
 * Links files, included ones before those that include them, and gives back the program of the
 * last. It is complete only if no error was reported.
 */
export function linkFiles(
  files: readonly LoadedFile[],
  problems: ProblemList,
  options: IdlOptions,
): Program | undefined {
  const context: LinkContext = {
    problems,
    options,
    scopes: [],
    symbols: new Map(),
    pendingDefaults: [],
    sizes: new Map(),
    bytes: new Map(),
    openTypedefs: [],
    openConstants: [],
  };
  const declared = new Map<LoadedFile, FileScope>();
  for (const file of files) {
    const scope = declareFile(context, file, declared);
    declared.set(file, scope);
    context.scopes.push(scope);
  }
  const symbols = context.scopes.flatMap((scope) => scope.symbols);
  linkDefinitions(context, symbols);
  const structs = symbols.filter((symbol) => symbol.kind === "struct");
  linkInheritance(
    context,
    symbols.filter((symbol) => symbol.kind === "service"),
  );
  checkFinite(context, structs);
  evaluateValues(context, symbols);
  checkDefaults(context, context.pendingDefaults);
  return context.scopes.at(-1)?.program;
}

/** Types, fields and functions; nothing here needs a value. */
function linkDefinitions(
  context: LinkContext,
  symbols: readonly (TypeSymbol | ConstantSymbol)[],
): void {
  for (const symbol of symbols) {
    switch (symbol.kind) {
      case "typedef":
        linkTypedef(context, symbol);
        break;
      case "enum":
        linkEnum(context, symbol);
        break;
      case "struct":
        linkStruct(context, symbol);
        break;
      case "service":
        linkService(context, symbol);
        break;
      case "constant":
        symbol.definition.type = linkType(context, symbol.scope, symbol.node.type);
        break;
    }
  }
}

function linkStruct(context: LinkContext, symbol: StructSymbol): void {
  const { definition, node, scope } = symbol;
  const owner = `${node.kind} "${definition.name}"`;
  symbol.fields = linkFields(context, scope, node.fields, node.kind, owner);
  definition.fields = symbol.fields;
  for (const field of symbol.fields) {
    if (!symbol.fieldsByName.has(field.name)) symbol.fieldsByName.set(field.name, field);
  }
  symbol.requiredFields = symbol.fields.filter(
    (field, index) =>
      field.requiredness === "required" && node.fields[index]?.defaultValue === undefined,
  );
}

/** Constants and default values: by now every type they can need is known. */
function evaluateValues(
  context: LinkContext,
  symbols: readonly (TypeSymbol | ConstantSymbol)[],
): void {
  const evaluator = new ConstantEvaluator(context);
  for (const symbol of symbols) {
    if (symbol.kind === "constant") evaluator.evaluateConstant(symbol);
  }
  for (const { scope, field, node } of context.pendingDefaults) {
    field.defaultValue = evaluator.evaluate(scope, node, field.type);
  }
}

// Tokens to the tree of one file: headers, then definitions.

import { parseAnnotations } from "./parse-annotations.ts";
import { parseDefinition } from "./parse-definition.ts";
import { SyntaxFailure, TokenCursor } from "./token-cursor.ts";
import type { IdlOptions } from "./options.ts";
import type { ProblemList } from "./problem.ts";
import type { SourceFile } from "./source.ts";
import type { DefinitionNode, DocumentNode, NameNode, NamespaceNode } from "./tree.ts";

/** Parses a file. Whatever the text, a tree comes back; what is wrong is in the problems. */
export function parseDocument(
  source: SourceFile,
  problems: ProblemList,
  options: IdlOptions,
): DocumentNode {
  const cursor = new TokenCursor(source, problems, options);
  const headers: Headers = { doc: undefined, namespaces: [], includes: [], cppIncludes: [] };
  const definitions: DefinitionNode[] = [];
  const brokenNames = new Set<string>();
  // A doc comment before the first header speaks of the file; any other of what follows it.
  if (cursor.atHeader()) headers.doc = cursor.doc();
  while (cursor.peek().kind !== "end") {
    const start = cursor.peek().start;
    if (cursor.atHeader()) {
      if (definitions.length > 0) reportLateHeader(cursor);
      recovering(
        () => parseHeader(cursor, headers),
        () => cursor.skipLine(start),
      );
      continue;
    }
    let name: NameNode | undefined;
    recovering(
      () => {
        definitions.push(parseDefinition(cursor, (known) => (name = known)));
        cursor.takeSeparator();
      },
      () => {
        if (name !== undefined) brokenNames.add(name.text);
        cursor.skipDefinition(start);
      },
    );
  }
  return { source, ...headers, definitions, brokenNames };
}

interface Headers {
  doc: string | undefined;
  readonly namespaces: NamespaceNode[];
  readonly includes: NameNode[];
  readonly cppIncludes: string[];
}

function recovering(parse: () => void, recover: () => void): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    recover();
  }
}

function reportLateHeader(cursor: TokenCursor): void {
  const word = cursor.peek();
  cursor.report(word, {
    code: "syntax",
    message: `"${word.text}" must stand before the first definition`,
  });
}

function parseHeader(cursor: TokenCursor, headers: Headers): void {
  const word = cursor.next();
  if (word.text === "include") {
    headers.includes.push(cursor.expectLiteral("the path of a file, a quoted string"));
  } else if (word.text === "cpp_include") {
    headers.cppIncludes.push(cursor.expectLiteral("a C++ header, a quoted string").text);
  } else {
    headers.namespaces.push(parseNamespace(cursor, word));
  }
  cursor.takeSeparator();
}

/** The scope that each old spelling of a namespace stands for. */
const HISTORICAL_SCOPES: ReadonlyMap<string, string> = new Map([
  ["cpp_namespace", "cpp"],
  ["php_namespace", "php"],
  ["py_module", "py"],
  ["perl_package", "perl"],
  ["ruby_namespace", "rb"],
  ["java_package", "java"],
  ["cocoa_prefix", "cocoa"],
  ["csharp_namespace", "csharp"],
  ["smalltalk_category", "smalltalk.category"],
  ["smalltalk_prefix", "smalltalk.prefix"],
  ["xsd_namespace", "xsd"],
]);

function parseNamespace(cursor: TokenCursor, word: NameNode): NamespaceNode {
  const historical = HISTORICAL_SCOPES.get(word.text);
  let scope: NameNode = word;
  if (historical === undefined) {
    const token = cursor.peek();
    if (token.kind !== "word" && !cursor.atSymbol("*")) {
      cursor.fail("expected the language of the namespace, or *");
    }
    scope = cursor.next();
    const name = cursor.peek();
    if (scope.text !== "*" && (name.firstOnLine || name.kind === "end")) {
      return withoutLanguage(cursor, scope);
    }
  } else {
    scope = { ...word, text: historical };
    cursor.report(word, {
      severity: "warning",
      code: "historical",
      message: `"${word.text}" is the old form of "namespace ${historical}"`,
    });
  }
  const name = parseNamespaceName(cursor);
  return { scope, name, annotations: parseAnnotations(cursor) };
}

/** `namespace name`, without a language, meant C++ before 2009. */
function withoutLanguage(cursor: TokenCursor, name: NameNode): NamespaceNode {
  cursor.report(name, {
    severity: "warning",
    code: "historical",
    message: `a namespace needs a language; taken as "namespace cpp ${name.text}"`,
  });
  return { scope: { ...name, text: "cpp" }, name: name.text, annotations: [] };
}

/** A dotted name; Smalltalk's may hold dashes, and XSD's is a quoted URL. */
function parseNamespaceName(cursor: TokenCursor): string {
  const first = cursor.peek();
  if (first.firstOnLine || (first.kind !== "word" && first.kind !== "literal")) {
    cursor.failBehind("expected a name for the namespace");
  }
  let name = cursor.next().text;
  while (cursor.takeSymbol("-") !== undefined) {
    if (cursor.peek().kind !== "word") cursor.fail('expected a name after "-"');
    name += `-${cursor.next().text}`;
  }
  return name;
}

// One definition of a file: const, typedef, enum, struct, union, exception or service.

import { parseAnnotations } from "./parse-annotations.ts";
import { parseConstant } from "./parse-constant.ts";
import { parseField } from "./parse-field.ts";
import { parseList } from "./parse-list.ts";
import { parseService } from "./parse-service.ts";
import { BASE_TYPES, CONTAINER_TYPES, parseType } from "./parse-type.ts";
import { DEFINITION_WORDS, HEADER_WORDS } from "./token-cursor.ts";
import { didYouMean } from "./suggest.ts";
import type { TokenCursor } from "./token-cursor.ts";
import type { Token } from "./token.ts";
import type {
  ConstantDefinition,
  DefinitionNode,
  EnumDefinition,
  EnumValueNode,
  NameNode,
  StructDefinition,
  TypedefDefinition,
} from "./tree.ts";

type Doc = string | undefined;
/** Told the name as soon as it is known, for the case that what follows cannot be parsed. */
type OnName = (name: NameNode) => void;

/** Parses the definition that starts here; fails when none does. */
export function parseDefinition(cursor: TokenCursor, onName: OnName): DefinitionNode {
  const doc = cursor.doc();
  const word = cursor.peek();
  if (word.kind !== "word" || !DEFINITION_WORDS.has(word.text)) failUnknownWord(cursor, word);
  cursor.next();
  switch (word.text) {
    case "const":
      return parseConstantDefinition(cursor, doc, onName);
    case "typedef":
      return parseTypedef(cursor, doc, onName);
    case "enum":
      return parseEnum(cursor, doc, onName);
    case "senum":
      return parseStringEnum(cursor, word, doc, onName);
    case "service":
      return parseService(cursor, doc, reserving(cursor, onName));
    case "union":
    case "exception":
      return parseStruct(cursor, word.text, doc, onName);
    default:
      return parseStruct(cursor, "struct", doc, onName);
  }
}

function failUnknownWord(cursor: TokenCursor, word: Token): never {
  const words = "const, typedef, enum, struct, union, exception or service";
  const known = [...DEFINITION_WORDS, ...HEADER_WORDS].filter((name) => name !== "senum");
  return cursor.fail(`expected a definition (${words})`, () =>
    word.kind === "word" ? didYouMean(word.text, known) : undefined,
  );
}

function parseConstantDefinition(
  cursor: TokenCursor,
  doc: Doc,
  onName: OnName,
): ConstantDefinition {
  const type = parseType(cursor, "the constant's type");
  const name = cursor.expectName("a name for the constant");
  onName(name);
  cursor.expectSymbol("=", `and a value for the constant "${name.text}"`);
  const value = parseConstant(cursor, `a value for the constant "${name.text}"`);
  const annotations = parseAnnotations(cursor);
  return { kind: "constant", type, name, value, annotations, doc, damaged: false };
}

function parseTypedef(cursor: TokenCursor, doc: Doc, onName: OnName): TypedefDefinition {
  const type = parseType(cursor, "the type to give a name to");
  const name = cursor.expectName("the new name of the type");
  reserving(cursor, onName)(name);
  const annotations = parseAnnotations(cursor);
  return { kind: "typedef", type, name, annotations, doc, damaged: false };
}

function parseEnum(cursor: TokenCursor, doc: Doc, onName: OnName): EnumDefinition {
  const name = cursor.expectName("a name for the enum");
  reserving(cursor, onName)(name);
  const values = parseList(
    cursor,
    { opener: "{", closer: "}", owner: `enum "${name.text}"`, item: "a value", withIds: false },
    parseEnumValue,
  );
  const annotations = parseAnnotations(cursor);
  const { items, damaged } = values;
  return { kind: "enum", name, values: items, annotations, doc, damaged };
}

function parseEnumValue(cursor: TokenCursor): EnumValueNode {
  const doc = cursor.doc();
  const name = cursor.expectName("a name for the enum value");
  let value: NameNode | undefined;
  if (cursor.takeSymbol("=") !== undefined) {
    if (cursor.peek().kind !== "integer") {
      cursor.fail(`expected a whole number for the enum value "${name.text}"`);
    }
    value = cursor.next();
  }
  return { name, value, annotations: parseAnnotations(cursor), doc };
}

/** `senum Name {"a", "b"}`, a string with a list of usual values: gone since Thrift 0.17. */
function parseStringEnum(
  cursor: TokenCursor,
  word: Token,
  doc: Doc,
  onName: OnName,
): TypedefDefinition {
  const name = cursor.expectName("a name for the senum");
  reserving(cursor, onName)(name);
  cursor.report(word, {
    severity: "warning",
    code: "historical",
    message: `"senum" is no longer part of the language; "${name.text}" is taken as a string`,
  });
  const { damaged } = parseList(
    cursor,
    { opener: "{", closer: "}", owner: `senum "${name.text}"`, item: "a string", withIds: false },
    (items) => items.expectLiteral("a quoted string"),
  );
  const { start, end } = name;
  const type = { kind: "base", base: "string", annotations: [], start, end } as const;
  return { kind: "typedef", type, name, annotations: parseAnnotations(cursor), doc, damaged };
}

function parseStruct(
  cursor: TokenCursor,
  kind: StructDefinition["kind"],
  doc: Doc,
  onName: OnName,
): StructDefinition {
  const name = cursor.expectName(`a name for the ${kind}`);
  reserving(cursor, onName)(name);
  cursor.takeWord("xsd_all");
  const fields = parseList(
    cursor,
    { opener: "{", closer: "}", owner: `${kind} "${name.text}"`, item: "a field", withIds: true },
    parseField,
  );
  const annotations = parseAnnotations(cursor);
  return { kind, name, fields: fields.items, annotations, doc, damaged: fields.damaged };
}

/** Words that mean something where a type's name may stand, so no type can have them as name. */
const RESERVED: ReadonlySet<string> = new Set([
  ...BASE_TYPES.keys(),
  ...CONTAINER_TYPES,
  "void",
  "required",
  "optional",
  "oneway",
  "async",
  "throws",
]);

function reserving(cursor: TokenCursor, onName: OnName): OnName {
  return (name) => {
    onName(name);
    if (!RESERVED.has(name.text)) return;
    const message = `"${name.text}" is a word of the language and cannot name a type`;
    cursor.report(name, { code: "syntax", message });
  };
}

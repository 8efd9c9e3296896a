// Good IDL files out of a seed: definitions of every kind that use each other as the language
// allows, with values of the right types.

import type { Random } from "@holdfast/core";

interface Known {
  readonly enums: { readonly name: string; readonly values: readonly string[] }[];
  readonly structs: {
    readonly name: string;
    readonly kind: string;
    readonly fields: readonly KnownField[];
  }[];
  readonly constants: { readonly name: string; readonly type: KnownType }[];
  readonly typedefs: { readonly name: string; readonly type: KnownType }[];
}

interface KnownField {
  readonly name: string;
  readonly type: KnownType;
  readonly isNeeded: boolean;
}

/** A type as written, and what makes values of it. */
interface KnownType {
  readonly text: string;
  readonly value: () => string;
}

/** Makes a file that compiles without an error. The same random numbers make the same file. */
export function validIdl(random: Random): string {
  const known: Known = { enums: [], structs: [], constants: [], typedefs: [] };
  const parts: string[] = [];
  const count = 3 + random.below(12);
  for (let index = 0; index < count; index++) {
    const make = [makeEnum, makeStruct, makeStruct, makeTypedef, makeConstant, makeConstant];
    const chosen = make[random.below(make.length)];
    if (chosen !== undefined) parts.push(doc(random) + chosen(random, known, index));
  }
  parts.push(makeService(random, known));
  return parts.join(random.below(2) === 0 ? "\n" : "\n\n# and\n");
}

function makeEnum(random: Random, known: Known, index: number): string {
  const values = Array.from({ length: 1 + random.below(4) }, (_, each) => `V${each}`);
  known.enums.push({ name: `E${index}`, values });
  const lines = values.map((value, each) => {
    const number = random.below(3) === 0 ? ` = ${each * 10 + random.below(10)}` : "";
    return value + number + annotations(random) + separator(random);
  });
  return `enum E${index} { ${lines.join(" ")} }${annotations(random)}`;
}

function makeStruct(random: Random, known: Known, index: number): string {
  const kind = ["struct", "union", "exception"][random.below(3)] ?? "struct";
  const fields: KnownField[] = [];
  const lines: string[] = [];
  let id = 0;
  const length = random.below(5) + (kind === "union" ? 1 : 0);
  for (let each = 0; each < length; each++) {
    id += 1 + random.below(3);
    const type = makeType(random, known, 3);
    const word = ["", "required ", "optional "][random.below(kind === "union" ? 1 : 3)] ?? "";
    const hasDefault = kind !== "union" && random.below(3) === 0;
    const name = `f${each}`;
    fields.push({ name, type, isNeeded: word === "required " && !hasDefault });
    const value = hasDefault ? ` = ${type.value()}` : "";
    const line = `${id}: ${word}${type.text} ${name}${value}${annotations(random)}`;
    lines.push(doc(random) + line + separator(random));
  }
  const name = `S${index}`;
  known.structs.push({ name, kind, fields });
  return `${kind} ${name} {\n${lines.join("\n")}\n}${annotations(random)}`;
}

function makeTypedef(random: Random, known: Known, index: number): string {
  const type = makeType(random, known, 2);
  known.typedefs.push({ name: `T${index}`, type });
  return `typedef ${type.text} T${index}${annotations(random)}`;
}

function makeConstant(random: Random, known: Known, index: number): string {
  const type = makeType(random, known, 3);
  const text = `const ${type.text} C${index} = ${type.value()}${separator(random)}`;
  known.constants.push({ name: `C${index}`, type });
  return text;
}

function makeService(random: Random, known: Known): string {
  const exceptions = known.structs.filter(({ kind }) => kind === "exception");
  const functions = Array.from({ length: random.below(4) }, (_, index) => {
    const isOneway = random.below(4) === 0;
    const result = isOneway || random.below(3) === 0 ? "void" : makeType(random, known, 2).text;
    const parameters = Array.from({ length: random.below(3) }, (_each, parameter) => {
      return `${parameter + 1}: ${makeType(random, known, 2).text} a${parameter}`;
    });
    const thrown = exceptions[random.below(exceptions.length + 1)];
    const throws = isOneway || thrown === undefined ? "" : ` throws (1: ${thrown.name} e)`;
    const start = `${isOneway ? "oneway " : ""}${result} m${index}(${parameters.join(", ")})`;
    return doc(random) + start + throws + annotations(random) + separator(random);
  });
  return `service Base { void ping() }\nservice Main extends Base {\n${functions.join("\n")}\n}`;
}

function makeType(random: Random, known: Known, depth: number): KnownType {
  const plain = () => makePlainType(random, known);
  if (depth === 0) return plain();
  const choice = random.below(8);
  if (choice === 0 || choice === 1) {
    const element = makeType(random, known, depth - 1);
    const word = choice === 0 ? "list" : "set";
    const length = choice === 0 ? 3 : 2;
    const text = `${word}<${element.text}>${annotations(random)}`;
    return { text, value: () => `[${repeat(random, length, element.value)}]` };
  }
  if (choice === 2) {
    const key = makeType(random, known, depth - 1);
    const value = makeType(random, known, depth - 1);
    const entry = () => (random.below(2) === 0 ? "" : `${key.value()}: ${value.value()}`);
    return { text: `map<${key.text}, ${value.text}>`, value: () => `{${entry()}}` };
  }
  return plain();
}

function makePlainType(random: Random, known: Known): KnownType {
  const choice = random.below(6);
  const knownEnum = pick(random, known.enums);
  if (choice === 0 && knownEnum !== undefined) {
    const value = () => `${knownEnum.name}.${pick(random, knownEnum.values)}`;
    return { text: knownEnum.name, value };
  }
  const struct = pick(random, known.structs);
  if (choice === 1 && struct !== undefined) {
    return { text: struct.name, value: () => structValue(random, struct) };
  }
  const typedef = pick(random, known.typedefs);
  if (choice === 2 && typedef !== undefined) {
    return { text: typedef.name, value: typedef.type.value };
  }
  const constant = pick(random, known.constants);
  if (choice === 3 && constant !== undefined) {
    const { text, value } = constant.type;
    return { text, value: () => (random.below(2) === 0 ? constant.name : value()) };
  }
  return pick(random, baseTypes(random)) ?? { text: "i32", value: () => "0" };
}

function structValue(random: Random, struct: Known["structs"][number]): string {
  const chosen =
    struct.kind === "union"
      ? [struct.fields[random.below(struct.fields.length)]]
      : struct.fields.filter(({ isNeeded }) => isNeeded || random.below(2) === 0);
  const entries = chosen.map((field) => (field ? `"${field.name}": ${field.type.value()}` : ""));
  return `{${entries.join(", ")}}`;
}

function baseTypes(random: Random): KnownType[] {
  const number = () => String(random.below(256) - 128);
  const text = () => JSON.stringify(`text ${random.below(100)} é "quoted" \t`);
  return [
    { text: "bool", value: () => pick(random, ["true", "false", "0", "1"]) ?? "0" },
    { text: "byte", value: number },
    { text: "i16", value: () => pick(random, ["0x7fff", number()]) ?? "0" },
    { text: "i32", value: () => pick(random, ["-0x80000000", number()]) ?? "0" },
    { text: "i64", value: () => pick(random, ["9223372036854775807", number()]) ?? "0" },
    { text: "double", value: () => pick(random, ["-1.5e-7", ".5", number()]) ?? "0" },
    { text: "string", value: text },
    { text: "binary", value: text },
    { text: "uuid", value: () => `"0011223${random.below(10)}-4455-6677-8899-aAbBcCdDeEfF"` },
  ];
}

function pick<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : items[random.below(items.length)];
}

function repeat(random: Random, most: number, make: () => string): string {
  return Array.from({ length: random.below(most) }, make).join(", ");
}

function annotations(random: Random): string {
  return random.below(6) === 0 ? ` (a.b = "c ${random.below(9)}", flag)` : "";
}

function separator(random: Random): string {
  return pick(random, [",", ";", "\n"]) ?? "";
}

function doc(random: Random): string {
  return random.below(5) === 0 ? `/**\n * Says\n *   something ${random.below(9)}.\n */\n` : "";
}

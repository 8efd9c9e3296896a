// A program as IDL text, for tests: everything the model holds, in one plain form.

import type {
  Annotations,
  ConstValue,
  Described,
  Enum,
  Field,
  Program,
  Service,
  ServiceFunction,
  Struct,
  Type,
} from "../model.ts";

/** The file's text. Types are written by their alias where they have one. */
export function printProgram(program: Program): string {
  const printer = new Printer(program);
  const { typedefs, enums, structs, services, constants } = program;
  const parts = [
    ...(program.doc === undefined ? [] : [printDoc(program.doc)]),
    ...[...program.namespaces.values()].map((of) => {
      const name = of.name.includes(":") ? quote(of.name) : of.name;
      return `namespace ${of.scope} ${name}${printAnnotations(of.annotations)}`;
    }),
    ...program.includes.map((of) => `include ${quote(of.path)}`),
    ...program.cppIncludes.map((of) => `cpp_include ${quote(of)}`),
    ...typedefs.map((of) => described(of, `typedef ${printer.type(of.type)} ${of.name}`)),
    ...enums.map((of) => printer.enum(of)),
    ...structs.map((of) => printer.struct(of)),
    ...services.map((of) => printer.service(of)),
    ...constants.map((of) => {
      const head = `const ${printer.type(of.type)} ${of.name}`;
      return described(of, `${head} = ${printer.value(of.value)}`);
    }),
  ];
  return `${parts.join("\n")}\n`;
}

class Printer {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  enum(of: Enum): string {
    const values = of.values.map((each) => described(each, `${each.name} = ${each.value}`));
    return described(of, `enum ${of.name} {\n${values.join("\n")}\n}`);
  }

  struct(of: Struct): string {
    const fields = of.fields.map((each) =>
      // A union's fields are optional without the word.
      this.field(of.kind === "union" ? { ...each, requiredness: "default" } : each),
    );
    return described(of, `${of.kind} ${of.name} {\n${fields.join("\n")}\n}`);
  }

  service(of: Service): string {
    const parent = of.extends === undefined ? "" : ` extends ${this.#name(of.extends)}`;
    const functions = of.functions.map((each) => this.#function(each));
    return described(of, `service ${of.name}${parent} {\n${functions.join("\n")}\n}`);
  }

  field(of: Field): string {
    const id = of.id > 0 ? `${of.id}: ` : "";
    const requiredness = of.requiredness === "default" ? "" : `${of.requiredness} `;
    const value = of.defaultValue === undefined ? "" : ` = ${this.value(of.defaultValue)}`;
    return described(of, `${id}${requiredness}${this.type(of.type)} ${of.name}${value}`);
  }

  type(of: Type): string {
    if (of.alias !== undefined) return this.#name(of.alias);
    return this.#plainType(of) + printAnnotations(of.annotations);
  }

  value(of: ConstValue): string {
    if (of.constant !== undefined) return this.#name(of.constant);
    switch (of.kind) {
      case "string":
      case "uuid":
        return quote(of.value);
      case "binary":
        return quote(Buffer.from(of.value).toString());
      case "enum":
        return `${this.#name(of.definition)}.${of.value.name}`;
      case "list":
      case "set":
        return `[${of.elements.map((each) => this.value(each)).join(", ")}]`;
      case "map":
        return this.#entries(of.entries.map(({ key, value }) => [this.value(key), value]));
      case "struct":
        return this.#entries(of.fields.map(({ field, value }) => [quote(field.name), value]));
      default:
        return String(of.value);
    }
  }

  #entries(entries: readonly (readonly [key: string, value: ConstValue])[]): string {
    return `{${entries.map(([key, value]) => `${key}: ${this.value(value)}`).join(", ")}}`;
  }

  #function(of: ServiceFunction): string {
    const result = of.result === undefined ? "void" : this.type(of.result);
    const parameters = of.arguments.map((each) => this.field(each)).join("\n");
    const thrown = of.throws.map((each) => this.field(each)).join("\n");
    const throws = thrown === "" ? "" : ` throws (\n${thrown})`;
    const head = `${of.oneway ? "oneway " : ""}${result} ${of.name}`;
    return described(of, `${head}(\n${parameters})${throws}`);
  }

  #plainType(of: Type): string {
    switch (of.kind) {
      case "list":
      case "set":
        return `${of.kind}<${this.type(of.element)}>`;
      case "map":
        return `map<${this.type(of.key)}, ${this.type(of.value)}>`;
      case "enum":
      case "struct":
        return this.#name(of.definition);
      default:
        return of.kind;
    }
  }

  #name(of: { readonly name: string; readonly program: Program }): string {
    return of.program === this.#program ? of.name : `${of.program.name}.${of.name}`;
  }
}

/** The text with the doc comment before it and the annotations behind. */
function described(of: Described, text: string): string {
  const doc = of.doc === undefined ? "" : printDoc(of.doc);
  return doc + text + printAnnotations(of.annotations);
}

function printDoc(doc: string): string {
  const lines = doc.split("\n").map((line) => ` * ${line}`);
  return `/**\n${lines.join("\n")}\n */\n`;
}

function printAnnotations(annotations: Annotations): string {
  if (annotations.size === 0) return "";
  return ` (${[...annotations].map(([name, value]) => `${name} = ${quote(value)}`).join(", ")})`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/**
 * The names that generated code uses for what an IDL defines. A name that TypeScript cannot use, or
 * that is taken, gets underscores behind it; who comes first, and so keeps the plain name, follows
 * from the IDL alone.
 */
import type { Described, Enum, Program, Service, Struct } from "../idl/index.ts";
import { NameScope } from "../schema/property-names.ts";

/** Words that cannot name a variable in a module. */
const RESERVED_WORDS = (
  "arguments await break case catch class const continue debugger default delete do else enum " +
  "eval export extends false finally for function if implements import in instanceof interface " +
  "let new null package private protected public return static super switch this throw true try " +
  "typeof var void while with yield undefined NaN Infinity any unknown never object string " +
  "number boolean symbol bigint type"
).split(" ");

/** What generated code takes from the language and from Holdfast by its plain name. */
const USED_NAMES = (
  "Array BigInt Error Map Object Promise Readonly ReadonlyMap ReadonlySet Record Set Uint8Array " +
  "BinaryReader BinaryWriter CompactReader CompactWriter Codec EncodedValue MethodDefinition " +
  "ServiceDefinition ServiceSchema StructSchema EnumSchema TYPE CODEC Context missingField " +
  "notOneField unknownMember exceptionMessage"
).split(" ");

/** Parameters and variables of generated functions, which must hide nothing at the top. */
const LOCAL_NAMES = (
  "input output key value fields count index element list set map entries context call args " +
  "handler properties thrown"
).split(" ");

/** What is made of one struct, union, exception or list of arguments. */
export interface StructNames {
  readonly type: string;
  readonly codec: string;
  readonly schema: string;
  /** For exceptions, what the constructor takes. */
  readonly fields: string;
  readonly readBinary: string;
  readonly writeBinary: string;
  readonly readCompact: string;
  readonly writeCompact: string;
}

export interface ServiceNames {
  readonly definition: string;
  readonly handler: string;
  readonly client: string;
  readonly schema: string;
}

/** All names at the top of one generated file. */
export class ProgramNames {
  /** The module's names; more are taken while the file is written. */
  readonly scope = new NameScope([...RESERVED_WORDS, ...USED_NAMES, ...LOCAL_NAMES]);
  private readonly plain = new Map<Described, string>();
  private readonly structs = new Map<Struct, StructNames>();
  private readonly services = new Map<Service, ServiceNames>();
  private readonly enumSchemas = new Map<Enum, string>();

  constructor(program: Program) {
    // First what the IDL names, then what is made of it, so that a struct called FooCodec keeps
    // its name beside a struct Foo.
    const { constants, enums, structs, typedefs, services } = program;
    for (const definition of [...structs, ...enums, ...services, ...typedefs, ...constants]) {
      this.plain.set(definition, this.scope.take(definition.name));
    }
    for (const struct of structs) {
      this.structs.set(struct, structNames(this.scope, this.of(struct), this.of(struct)));
    }
    for (const definition of enums) {
      this.enumSchemas.set(definition, this.scope.take(`${this.of(definition)}Schema`));
    }
    for (const service of services) {
      const name = this.of(service);
      this.services.set(service, {
        definition: name,
        handler: this.scope.take(`${name}Handler`),
        client: this.scope.take(`${name}Client`),
        schema: this.scope.take(`${name}Schema`),
      });
    }
  }

  of(definition: Described): string {
    return known(this.plain.get(definition), definition);
  }

  ofStruct(struct: Struct): StructNames {
    return known(this.structs.get(struct), struct);
  }

  enumSchema(definition: Enum): string {
    return known(this.enumSchemas.get(definition), definition);
  }

  ofService(service: Service): ServiceNames {
    return known(this.services.get(service), service);
  }
}

/** The names around a type called `base`; `type` is given when it has been taken already. */
export function structNames(scope: NameScope, base: string, type?: string): StructNames {
  return {
    type: type ?? scope.take(base),
    codec: scope.take(`${base}Codec`),
    schema: scope.take(`${base}Schema`),
    fields: scope.take(`${base}Fields`),
    readBinary: scope.take(`read${base}Binary`),
    writeBinary: scope.take(`write${base}Binary`),
    readCompact: scope.take(`read${base}Compact`),
    writeCompact: scope.take(`write${base}Compact`),
  };
}

function known<Value>(value: Value | undefined, definition: Described): Value {
  if (value === undefined) throw new Error(`${definition.name} is not of this program`);
  return value;
}

/** Parameters as a method's signature shows them, behind the context. */
export function parameterNames(names: readonly string[]): string[] {
  const scope = new NameScope([...RESERVED_WORDS, "context"]);
  return names.map((name) => scope.take(name));
}

/** The variable of each property in a function of a module. */
export function localNames(module: NameScope, properties: Iterable<string>): Map<string, string> {
  const scope = module.inner();
  return new Map([...properties].map((property) => [property, scope.take(property)]));
}

/** With a capital in front, to stand inside of other names. */
export function capitalized(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

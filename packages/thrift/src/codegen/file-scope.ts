/**
 * What the writers of one generated file share: its names, and what it has to import, which is
 * known only when everything else is written.
 */
import { functionsOf } from "../idl/index.ts";
import type { Enum, Include, Program, Service, Struct, Type, Typedef } from "../idl/index.ts";
import { capitalized, ProgramNames, type ServiceNames, type StructNames } from "./names.ts";
import { canonicalType, fieldType, resultType } from "./type-shape.ts";

export type ProtocolName = "Binary" | "Compact";
export const PROTOCOLS: readonly ProtocolName[] = ["Binary", "Compact"];

/** The functions that read and write one type of container. */
export interface ContainerNames {
  readonly type: Type;
  /** `MapOfStringToItem`; what the functions' names are made of. */
  readonly base: string;
  readonly codec: string;
  readonly readBinary: string;
  readonly writeBinary: string;
  readonly readCompact: string;
  readonly writeCompact: string;
}

interface IncludeUse {
  readonly alias: string;
  readonly program: Program;
  asType: boolean;
  asValue: boolean;
}

/** The names of every program of one generation. */
export class ProgramNamesTable {
  private readonly names = new Map<Program, ProgramNames>();

  of(program: Program): ProgramNames {
    let names = this.names.get(program);
    if (names === undefined) {
      names = new ProgramNames(program);
      this.names.set(program, names);
    }
    return names;
  }
}

export class FileScope {
  readonly program: Program;
  readonly names: ProgramNames;
  /** Of @holdfast/thrift. */
  readonly thriftTypes = new Set<string>();
  readonly thriftValues = new Set<string>();
  usesContext = false;
  /** Types of containers whose codec is needed, by canonical type. */
  readonly containerCodecs = new Set<string>();
  private readonly table: ProgramNamesTable;
  private readonly includes = new Map<Program, IncludeUse>();
  private readonly containers = new Map<string, ContainerNames>();

  constructor(program: Program, table: ProgramNamesTable) {
    this.program = program;
    this.table = table;
    this.names = table.of(program);
    for (const include of program.includes) this.addInclude(include);
    for (const struct of program.structs) this.addContainersOf(struct);
    for (const service of program.services) this.addContainersOfService(service);
  }

  /** The included files that were used, in the order of their includes. */
  get usedIncludes(): readonly IncludeUse[] {
    return [...this.includes.values()].filter((use) => use.asType || use.asValue);
  }

  /** All types of containers, in the order of their first use; elements before what holds them. */
  get containerTypes(): readonly ContainerNames[] {
    return [...this.containers.values()];
  }

  container(type: Type): ContainerNames {
    const names = this.containers.get(canonicalType(type));
    if (names === undefined) throw new Error(`container ${canonicalType(type)} was not seen`);
    return names;
  }

  /** The name of a type of this file or another. */
  typeName(definition: Struct | Enum | Typedef): string {
    const use = this.useOf(definition.program);
    if (use === undefined) return this.names.of(definition);
    use.asType = true;
    return `${use.alias}.${this.table.of(definition.program).of(definition)}`;
  }

  /** The name of a function or a constant that belongs to a struct. */
  structValue(struct: Struct, which: Exclude<keyof StructNames, "type" | "fields">): string {
    return this.value(struct.program, this.table.of(struct.program).ofStruct(struct)[which]);
  }

  enumSchema(definition: Enum): string {
    return this.value(definition.program, this.table.of(definition.program).enumSchema(definition));
  }

  serviceType(service: Service, which: "handler" | "client"): string {
    const name = this.table.of(service.program).ofService(service)[which];
    const use = this.useOf(service.program);
    if (use === undefined) return name;
    use.asType = true;
    return `${use.alias}.${name}`;
  }

  serviceValue(service: Service, which: keyof ServiceNames): string {
    return this.value(service.program, this.table.of(service.program).ofService(service)[which]);
  }

  /** The name of an enum's object, a constant or a class. */
  definitionValue(definition: Parameters<ProgramNames["of"]>[0] & { program: Program }): string {
    return this.value(definition.program, this.table.of(definition.program).of(definition));
  }

  thriftType(name: string): string {
    this.thriftTypes.add(name);
    return name;
  }

  thriftValue(name: string): string {
    this.thriftValues.add(name);
    return name;
  }

  private value(program: Program, name: string): string {
    const use = this.useOf(program);
    if (use === undefined) return name;
    use.asValue = true;
    return `${use.alias}.${name}`;
  }

  private useOf(program: Program): IncludeUse | undefined {
    if (program === this.program) return undefined;
    const use = this.includes.get(program);
    // A typedef of an included file may name what only that file includes.
    return use ?? this.addUse(program.name, program);
  }

  private addInclude(include: Include): void {
    if (!this.includes.has(include.program)) this.addUse(include.name, include.program);
  }

  private addUse(wish: string, program: Program): IncludeUse {
    const alias = this.names.scope.take(wish.replaceAll(/[^A-Za-z0-9_$]/g, "_"));
    const use = { alias, program, asType: false, asValue: false };
    this.includes.set(program, use);
    return use;
  }

  private addContainersOf(struct: Pick<Struct, "fields">): void {
    for (const field of struct.fields) this.addContainers(fieldType(field));
  }

  private addContainersOfService(service: Service): void {
    for (const method of functionsOf(service)) {
      if (!service.functions.includes(method)) continue;
      this.addContainersOf({ fields: method.arguments });
      const result = resultType(method);
      if (result !== undefined) this.addContainers(result);
    }
  }

  private addContainers(type: Type): void {
    if (type.kind === "list" || type.kind === "set") this.addContainers(type.element);
    else if (type.kind === "map") {
      this.addContainers(type.key);
      this.addContainers(type.value);
    } else {
      return;
    }
    const canonical = canonicalType(type);
    if (this.containers.has(canonical)) return;
    const base = this.containerBase(type);
    const { scope } = this.names;
    this.containers.set(canonical, {
      type,
      base,
      codec: scope.take(`${base}Codec`),
      readBinary: scope.take(`read${base}Binary`),
      writeBinary: scope.take(`write${base}Binary`),
      readCompact: scope.take(`read${base}Compact`),
      writeCompact: scope.take(`write${base}Compact`),
    });
  }

  private containerBase(type: Type): string {
    switch (type.kind) {
      case "list":
        return `ListOf${this.containerBase(type.element)}`;
      case "set":
        return `SetOf${this.containerBase(type.element)}`;
      case "map":
        return `MapOf${this.containerBase(type.key)}To${this.containerBase(type.value)}`;
      case "struct":
      case "enum": {
        const { program, name } = type.definition;
        const prefix = program === this.program ? "" : capitalized(program.name);
        return prefix + capitalized(name);
      }
      case "i64":
        return type.annotations.get("js.type") === "number" ? "I64AsNumber" : "I64";
      default:
        return capitalized(type.kind);
    }
  }
}

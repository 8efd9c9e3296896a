/** Makes schemas from a linked IDL at run time: what `holdfast call` and gateways start from. */
import type {
  Enum,
  Field,
  Program,
  Service,
  ServiceFunction,
  Struct,
  StructValue,
  Type,
} from "../idl/index.ts";
import { fieldType, isNumberI64, resultType } from "../codegen/type-shape.ts";
import { constValue, type StructMaker } from "./const-value.ts";
import { makeDynamicException } from "./dynamic-exception.ts";
import { methodNames, propertyNames } from "./property-names.ts";
import type {
  EnumSchema,
  FieldSchema,
  MethodSchema,
  ServiceSchema,
  StructSchema,
  TypeSchema,
} from "./schema.ts";

/** What one IDL file defines; what it includes is behind the types that name it. */
export interface ProgramSchema {
  readonly name: string;
  readonly enums: ReadonlyMap<string, EnumSchema>;
  /** Structs, unions and exceptions. */
  readonly structs: ReadonlyMap<string, StructSchema>;
  readonly services: ReadonlyMap<string, ServiceSchema>;
}

export function schemaOf(program: Program): ProgramSchema {
  const maker = new SchemaMaker();
  return {
    name: program.name,
    enums: new Map(program.enums.map((each) => [each.name, maker.enumSchema(each)])),
    structs: new Map(program.structs.map((each) => [each.name, maker.structSchema(each)])),
    services: new Map(program.services.map((each) => [each.name, maker.serviceSchema(each)])),
  };
}

/** Makes each schema once, however often it is named. */
class SchemaMaker implements StructMaker {
  private readonly enums = new Map<Enum, EnumSchema>();
  private readonly structs = new Map<Struct, StructSchema>();

  enumSchema(definition: Enum): EnumSchema {
    return memo(this.enums, definition, () => ({
      name: definition.name,
      values: Object.fromEntries(definition.values.map(({ name, value }) => [name, value])),
    }));
  }

  structSchema(struct: Struct): StructSchema {
    return memo(this.structs, struct, () => ({
      kind: struct.kind,
      name: struct.name,
      fields: this.fields(struct),
    }));
  }

  serviceSchema(service: Service): ServiceSchema {
    const properties = methodNames(service);
    const inherited =
      service.extends === undefined ? [] : this.serviceSchema(service.extends).methods;
    const own = service.functions.map((method) =>
      this.methodSchema(service, method, properties.get(method.name) ?? method.name),
    );
    return { name: service.name, methods: [...inherited, ...own] };
  }

  fieldSchemas(value: StructValue): readonly FieldSchema[] {
    return this.structSchema(value.definition).fields;
  }

  makeException(value: StructValue, properties: Record<string, unknown>): Error {
    return makeDynamicException(this.structSchema(value.definition), properties);
  }

  private methodSchema(service: Service, method: ServiceFunction, property: string): MethodSchema {
    const result = resultType(method);
    return {
      name: method.name,
      property,
      oneway: method.oneway,
      idempotent: method.annotations.get("holdfast.idempotent") === "true",
      annotations: Object.fromEntries(method.annotations),
      arguments: {
        kind: "arguments",
        name: `${service.name}.${method.name}`,
        fields: this.fields({ kind: "struct", fields: method.arguments }),
      },
      ...(result === undefined ? {} : { result: this.type(result) }),
      exceptions: method.throws.flatMap(({ id, name, type }) => {
        if (type.kind !== "struct") return [];
        return [{ id, name, of: () => this.structSchema(type.definition) }];
      }),
    };
  }

  private fields(struct: Pick<Struct, "kind" | "fields">): FieldSchema[] {
    const properties = propertyNames(struct);
    return struct.fields.map((field) => this.field(field, properties.get(field.name)));
  }

  private field(field: Field, property: string | undefined): FieldSchema {
    const type = fieldType(field);
    const { defaultValue, id, name, requiredness } = field;
    return {
      id,
      name,
      ...(property === undefined || property === name ? {} : { property }),
      requiredness,
      type: this.type(type),
      ...(defaultValue === undefined
        ? {}
        : { default: () => constValue(defaultValue, type, this) }),
    };
  }

  private type(type: Type): TypeSchema {
    switch (type.kind) {
      case "i64":
        return isNumberI64(type) ? { kind: "i64", asNumber: true } : { kind: "i64" };
      case "enum":
        return { kind: "enum", of: () => this.enumSchema(type.definition) };
      case "struct":
        return { kind: "struct", of: () => this.structSchema(type.definition) };
      case "list":
      case "set":
        return { kind: type.kind, element: this.type(type.element) };
      case "map":
        return { kind: "map", key: this.type(type.key), value: this.type(type.value) };
      default:
        return { kind: type.kind };
    }
  }
}

function memo<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}

/**
 * Codecs that are made from a schema at run time: for calls without generated code. Values are the
 * same as those of generated code; speed is not the aim.
 */
import type { BinaryReader } from "../protocol/binary-reader.ts";
import type { BinaryWriter } from "../protocol/binary-writer.ts";
import type { CompactReader } from "../protocol/compact-reader.ts";
import type { CompactWriter } from "../protocol/compact-writer.ts";
import { badValue, missingField, notOneField, unknownMember } from "../protocol/error.ts";
import { fieldKey, TYPE } from "../protocol/types.ts";
import { CODEC } from "./base-codecs.ts";
import { makeDynamicException } from "./dynamic-exception.ts";
import { fallbackValue, isKeyableSchema, isRequired, propertyOf } from "./schema.ts";
import type { FieldSchema, StructSchema, TypeSchema } from "./schema.ts";
import type { Codec } from "./service-definition.ts";

type Reader = BinaryReader | CompactReader;
type Writer = BinaryWriter | CompactWriter;

/** Reading and writing one type, whatever the protocol. */
interface DynamicType {
  readonly code: number;
  readonly read: (input: Reader) => unknown;
  readonly write: (output: Writer, value: unknown) => void;
}

/** The codecs of all types of one schema; each struct's is made once. */
export class DynamicCodecs {
  private readonly structs = new Map<StructSchema, DynamicType>();

  codecOf(type: TypeSchema): Codec<unknown> {
    return asCodec(this.typeOf(type));
  }

  structCodec(schema: StructSchema): Codec<unknown> {
    return asCodec(this.structType(schema));
  }

  private typeOf(type: TypeSchema): DynamicType {
    switch (type.kind) {
      case "struct":
        return this.lazyStruct(type.of);
      case "list":
      case "set":
        return this.listType(this.typeOf(type.element), type.kind, isKeyableSchema(type.element));
      case "map":
        return mapType(this.typeOf(type.key), this.typeOf(type.value), isKeyableSchema(type.key));
      case "i64":
        return type.asNumber === true ? scalarType(CODEC.i64AsNumber) : scalarType(CODEC.i64);
      case "enum":
        return scalarType(CODEC.i32);
      default:
        return scalarType<unknown>(CODEC[type.kind]);
    }
  }

  /** Made when first used: a struct may contain itself. */
  private lazyStruct(of: () => StructSchema): DynamicType {
    return {
      code: TYPE.struct,
      read: (input) => this.structType(of()).read(input),
      write: (output, value) => this.structType(of()).write(output, value),
    };
  }

  private structType(schema: StructSchema): DynamicType {
    let type = this.structs.get(schema);
    if (type === undefined) {
      const fields = schema.fields.map((field) => this.dynamicField(field));
      type = schema.kind === "union" ? unionType(schema, fields) : structType(schema, fields);
      this.structs.set(schema, type);
    }
    return type;
  }

  private dynamicField(schema: FieldSchema): DynamicField {
    const type = this.typeOf(schema.type);
    return { schema, type, key: fieldKey(type.code, schema.id), property: propertyOf(schema) };
  }

  private listType(element: DynamicType, kind: "list" | "set", keyable: boolean): DynamicType {
    const isSet = kind === "set" && keyable;
    return {
      code: TYPE[kind],
      read(input) {
        const count = input.readList(element.code);
        const values: unknown[] = [];
        for (let index = 0; index < count; index++) values.push(element.read(input));
        return isSet ? new Set(values) : values;
      },
      write(output, value) {
        const values = isSet ? expectSet(value) : expectArray(value);
        output.writeList(element.code, values.length);
        for (const each of values) element.write(output, each);
      },
    };
  }
}

interface DynamicField {
  readonly schema: FieldSchema;
  readonly type: DynamicType;
  readonly key: number;
  readonly property: string;
}

function asCodec(type: DynamicType): Codec<unknown> {
  return {
    type: type.code,
    readBinary: type.read,
    writeBinary: type.write,
    readCompact: type.read,
    writeCompact: type.write,
  };
}

function scalarType<Value>(codec: Codec<Value>): DynamicType {
  return {
    code: codec.type,
    read: (input) =>
      input.protocol === "binary" ? codec.readBinary(input) : codec.readCompact(input),
    write(output, value) {
      if (output.protocol === "binary") codec.writeBinary(output, value as Value);
      else codec.writeCompact(output, value as Value);
    },
  };
}

function mapType(key: DynamicType, value: DynamicType, keyable: boolean): DynamicType {
  return {
    code: TYPE.map,
    read(input) {
      const count = input.readMap(key.code, value.code);
      const entries: [unknown, unknown][] = [];
      for (let index = 0; index < count; index++) {
        const own = key.read(input);
        entries.push([own, value.read(input)]);
      }
      return keyable ? new Map(entries) : entries;
    },
    write(output, given) {
      const entries = keyable ? expectMap(given) : expectArray(given);
      output.writeMap(key.code, value.code, entries.length);
      for (const entry of entries) {
        const [own, element] = expectArray(entry);
        output.reserve(0);
        key.write(output, own);
        value.write(output, element);
      }
    },
  };
}

function structType(schema: StructSchema, fields: readonly DynamicField[]): DynamicType {
  const byId = fields.toSorted((one, other) => one.schema.id - other.schema.id);
  const byKey = new Map(fields.map((field) => [field.key, field]));
  return {
    code: TYPE.struct,
    read(input) {
      const read = new Map<DynamicField, unknown>();
      input.enterStruct();
      for (let key = input.readField(); key !== 0; key = input.readField()) {
        const field = byKey.get(key);
        if (field === undefined) input.skipField(key);
        else read.set(field, field.type.read(input));
      }
      input.leaveStruct();
      return completeStruct(schema, fields, read);
    },
    write(output, value) {
      const properties = expectObject(schema, value);
      output.enterStruct();
      for (const field of byId) writeField(output, schema, field, properties[field.property]);
      output.writeStop();
      output.leaveStruct();
    },
  };
}

function completeStruct(
  schema: StructSchema,
  fields: readonly DynamicField[],
  read: ReadonlyMap<DynamicField, unknown>,
): unknown {
  const properties = Object.fromEntries(
    fields.map((field) => {
      if (read.has(field)) return [field.property, read.get(field)] as const;
      if (isRequired(schema, field.schema)) throw missingField(schema.name, field.schema.name);
      return [field.property, fallbackValue(field.schema)] as const;
    }),
  );
  return schema.kind === "exception" ? makeDynamicException(schema, properties) : properties;
}

function writeField(
  output: Writer,
  struct: StructSchema,
  field: DynamicField,
  given: unknown,
): void {
  const { schema } = field;
  let value = given;
  if (value === undefined && schema.requiredness !== "optional") value = fallbackValue(schema);
  if (value === undefined) {
    if (!isRequired(struct, schema)) return;
    throw badValue(`${struct.name}.${schema.name} is required and missing`);
  }
  output.reserve(0);
  output.writeField(field.key);
  field.type.write(output, value);
}

function unionType(schema: StructSchema, fields: readonly DynamicField[]): DynamicType {
  const byKey = new Map(fields.map((field) => [field.key, field]));
  const byName = new Map(fields.map((field) => [field.schema.name, field]));
  return {
    code: TYPE.struct,
    read(input) {
      let read: { field: string; value: unknown } | undefined;
      let count = 0;
      input.enterStruct();
      for (let key = input.readField(); key !== 0; key = input.readField()) {
        count++;
        const field = byKey.get(key);
        if (field === undefined) input.skipField(key);
        else read = { field: field.schema.name, value: field.type.read(input) };
      }
      input.leaveStruct();
      if (read === undefined || count !== 1) throw notOneField(schema.name, count);
      return read;
    },
    write(output, value) {
      const member = expectObject(schema, value);
      const field = byName.get(String(member["field"]));
      if (field === undefined) throw unknownMember(schema.name, value);
      output.enterStruct();
      output.writeField(field.key);
      field.type.write(output, member["value"]);
      output.writeStop();
      output.leaveStruct();
    },
  };
}

function expectObject(schema: StructSchema, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw badValue(`${schema.name} must be an object`);
}

function expectArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badValue("expected an array");
}

function expectSet(value: unknown): readonly unknown[] {
  if (value instanceof Set) return [...value];
  throw badValue("expected a Set");
}

function expectMap(value: unknown): readonly unknown[] {
  if (value instanceof Map) return [...value];
  throw badValue("expected a Map");
}

/**
 * Values as JSON, for the command line and for people: an i64 and a binary (base64) are strings,
 * an enum is its name, a map with simple keys is an object, every other map a list of pairs, a
 * union an object with one property. Reading refuses with the path of what is wrong.
 */
import { ServiceError } from "@holdfast/core";
import { DEPTH_MAX } from "../protocol/types.ts";
import { makeDynamicException } from "./dynamic-exception.ts";
import { isRequired, isKeyableSchema, propertyOf } from "./schema.ts";
import type { EnumSchema, FieldSchema, StructSchema, TypeSchema } from "./schema.ts";

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const WHOLE_NUMBER = /^-?[0-9]{1,20}$/;

/** The type of a struct by itself, a method's arguments for example. */
export function structType(schema: StructSchema): TypeSchema {
  return { kind: "struct", of: () => schema };
}

/** A value as JSON; the value must be one of the type. */
export function toJson(type: TypeSchema, value: unknown): Json {
  switch (type.kind) {
    case "bool":
      return value as boolean;
    case "i64":
      return type.asNumber === true ? (value as number) : `${value as bigint}`;
    case "double":
      return Number.isFinite(value) ? (value as number) : `${value as number}`;
    case "binary":
      return Buffer.from(value as Uint8Array).toString("base64");
    case "enum":
      return enumName(type.of(), value as number);
    case "struct":
      return structToJson(type.of(), value as Record<string, unknown>);
    case "list":
    case "set":
      return [...(value as Iterable<unknown>)].map((element) => toJson(type.element, element));
    case "map":
      return mapToJson(type.key, type.value, value as Iterable<[unknown, unknown]>);
    default:
      return value as number | string;
  }
}

function enumName(schema: EnumSchema, value: number): Json {
  const found = Object.entries(schema.values).find(([, number]) => number === value);
  return found === undefined ? value : found[0];
}

function structToJson(schema: StructSchema, value: Record<string, unknown>): Json {
  if (schema.kind === "union") {
    const member = schema.fields.find(({ name }) => name === value["field"]);
    if (member === undefined) throw invalid("", `union ${schema.name} has no such field`);
    return Object.fromEntries([[member.name, toJson(member.type, value["value"])]]);
  }
  return Object.fromEntries(
    schema.fields.flatMap((field) => {
      const own = value[propertyOf(field)];
      return own === undefined ? [] : [[field.name, toJson(field.type, own)] as const];
    }),
  );
}

function mapToJson(key: TypeSchema, value: TypeSchema, map: Iterable<[unknown, unknown]>): Json {
  const entries = [...map].map(
    ([own, element]) => [toJson(key, own), toJson(value, element)] as const,
  );
  if (!isKeyableSchema(key)) return entries;
  return Object.fromEntries(
    entries.map(([own, element]) => [`${own as string | number}`, element]),
  );
}

/** The value that JSON stands for; throws a ServiceError "invalid" that says where it is wrong. */
export function fromJson(type: TypeSchema, json: unknown, path = ""): unknown {
  return read(type, json, path, 0);
}

function read(type: TypeSchema, json: unknown, path: string, depth: number): unknown {
  if (depth > DEPTH_MAX) throw invalid(path, `nested deeper than ${DEPTH_MAX}`);
  switch (type.kind) {
    case "bool":
      return typeof json === "boolean" ? json : wrong(path, "true or false", json);
    case "byte":
      return readInteger(json, path, 8);
    case "i16":
      return readInteger(json, path, 16);
    case "i32":
      return readInteger(json, path, 32);
    case "i64":
      return type.asNumber === true ? readSafeInteger(json, path) : readI64(json, path);
    case "double":
      return readDouble(json, path);
    case "string":
      return typeof json === "string" ? json : wrong(path, "a string", json);
    case "binary":
      return readBinary(json, path);
    case "uuid":
      if (typeof json === "string" && UUID.test(json)) return json.toLowerCase();
      return wrong(path, "a uuid like 01234567-89ab-cdef-0123-456789abcdef", json);
    case "enum":
      return readEnum(type.of(), json, path);
    case "struct":
      return readStruct(type.of(), json, path, depth);
    case "list":
    case "set":
      return readList(type, json, path, depth);
    case "map":
      return readMap(type, json, path, depth);
  }
}

function readInteger(json: unknown, path: string, bits: number): number {
  const limit = 2 ** (bits - 1);
  const value = typeof json === "string" && WHOLE_NUMBER.test(json) ? Number(json) : json;
  if (typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit) {
    return value;
  }
  return wrong(path, `a whole number from ${-limit} to ${limit - 1}`, json);
}

function readI64(json: unknown, path: string): bigint {
  const expected = "an i64: a whole number, as a string when it is beyond 2^53";
  const isText = typeof json === "string" && WHOLE_NUMBER.test(json);
  if (!isText && !Number.isSafeInteger(json)) return wrong(path, expected, json);
  const value = BigInt(json as string | number);
  return BigInt.asIntN(64, value) === value ? value : wrong(path, expected, json);
}

function readSafeInteger(json: unknown, path: string): number {
  const value = typeof json === "string" && WHOLE_NUMBER.test(json) ? Number(json) : json;
  if (Number.isSafeInteger(value)) return value as number;
  return wrong(path, "a whole number within 2^53", json);
}

function readDouble(json: unknown, path: string): number {
  if (typeof json === "number") return json;
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
  return wrong(path, 'a number, "NaN", "Infinity" or "-Infinity"', json);
}

function readBinary(json: unknown, path: string): Uint8Array {
  if (typeof json === "string" && BASE64.test(json)) {
    return new Uint8Array(Buffer.from(json, "base64"));
  }
  return wrong(path, "bytes as a base64 string", json);
}

function readEnum(schema: EnumSchema, json: unknown, path: string): number {
  if (typeof json === "string" && Object.hasOwn(schema.values, json)) {
    return schema.values[json] ?? 0;
  }
  if (typeof json === "number" || (typeof json === "string" && WHOLE_NUMBER.test(json))) {
    return readInteger(json, path, 32);
  }
  const names = Object.keys(schema.values);
  const shown = names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? " …" : "");
  return wrong(path, `a ${schema.name}: a number or one of ${shown}`, json);
}

/** Names that an error lists at most. */
const NAMES_SHOWN = 12;

function readList(
  type: Extract<TypeSchema, { kind: "list" | "set" }>,
  json: unknown,
  path: string,
  depth: number,
): unknown {
  if (!Array.isArray(json)) return wrong(path, "a list", json);
  const values = json.map((each, index) =>
    read(type.element, each, `${path}[${index}]`, depth + 1),
  );
  return type.kind === "set" && isKeyableSchema(type.element) ? new Set(values) : values;
}

function readMap(
  type: Extract<TypeSchema, { kind: "map" }>,
  json: unknown,
  path: string,
  depth: number,
): unknown {
  const entries = isObject(json)
    ? Object.entries(json).map(([key, value]) => [keyJson(type.key, key), value] as const)
    : listOfPairs(json, path);
  const values = entries.map(([key, value]): [unknown, unknown] => {
    const own = `${path}[${JSON.stringify(key)}]`;
    return [read(type.key, key, own, depth + 1), read(type.value, value, own, depth + 1)];
  });
  return isKeyableSchema(type.key) ? new Map(values) : values;
}

/** The keys of an object are strings; those of a map need not be. */
function keyJson(type: TypeSchema, key: string): unknown {
  if (type.kind === "bool" && (key === "true" || key === "false")) return key === "true";
  if (type.kind === "double" && key !== "" && !Number.isNaN(Number(key))) return Number(key);
  return key;
}

function listOfPairs(json: unknown, path: string): (readonly [unknown, unknown])[] {
  if (!Array.isArray(json)) return wrong(path, "an object or a list of [key, value]", json);
  return json.map((pair: unknown, index) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      return wrong(`${path}[${index}]`, "a pair [key, value]", pair);
    }
    return [pair[0], pair[1]] as const;
  });
}

function readStruct(schema: StructSchema, json: unknown, path: string, depth: number): unknown {
  if (!isObject(json)) return wrong(path, `an object with the fields of ${schema.name}`, json);
  for (const name of Object.keys(json)) {
    if (!schema.fields.some((field) => field.name === name)) {
      throw invalid(
        at(path, name),
        `${schema.name} has no such field; it has ${fieldList(schema)}`,
      );
    }
  }
  if (schema.kind === "union") return readUnion(schema, json, path, depth);
  const properties: Record<string, unknown> = {};
  for (const field of schema.fields) {
    const value = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
    if (value !== undefined && value !== null) {
      properties[propertyOf(field)] = read(field.type, value, at(path, field.name), depth + 1);
    } else if (isRequired(schema, field)) {
      throw invalid(at(path, field.name), "is required and missing");
    }
  }
  return schema.kind === "exception" ? makeDynamicException(schema, properties) : properties;
}

function readUnion(
  schema: StructSchema,
  json: Record<string, unknown>,
  path: string,
  depth: number,
): unknown {
  const [name, ...others] = Object.keys(json);
  const field = schema.fields.find((each) => each.name === name);
  if (field === undefined || others.length > 0) {
    throw invalid(path, `union ${schema.name} needs exactly one of ${fieldList(schema)}`);
  }
  const value = read(field.type, json[field.name], at(path, field.name), depth + 1);
  return { field: field.name, value };
}

function fieldList(schema: StructSchema): string {
  const names = schema.fields.map((field: FieldSchema) => field.name);
  if (names.length === 0) return "none";
  return names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? " …" : "");
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** Characters of a wrong value that an error repeats. */
const SHOWN_MAX = 60;

function wrong(path: string, expected: string, json: unknown): never {
  const text = json === undefined ? "nothing" : (JSON.stringify(json) ?? typeof json);
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  throw invalid(path, `expected ${expected}, got ${shown}`);
}

function invalid(path: string, message: string): ServiceError {
  const text = path === "" ? message : `${path}: ${message}`;
  return new ServiceError("invalid", text, { workStarted: "no" });
}

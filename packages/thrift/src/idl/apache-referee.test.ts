// An outside referee: Apache's own compiler describes an IDL file as JSON, and our model of the
// same file must say the same. Skipped where no `thrift` is installed (Debian: thrift-compiler).

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { compileIdlFile } from "./load-from-disk.ts";
import { EVERYTHING_IDL, SHARED_IDL } from "./testing/samples.ts";
import type { ConstValue, Described, Field, Program, Struct, Type } from "./model.ts";

const hasThrift = spawnSync("thrift", ["--version"]).status === 0;
const skip = hasThrift ? false : "no thrift compiler is installed";

describe("the model", () => {
  it("says what Apache's compiler says of the same file", { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-idl-"));
    try {
      writeFileSync(join(folder, "shared.thrift"), SHARED_IDL);
      writeFileSync(join(folder, "everything.thrift"), EVERYTHING_IDL);
      for (const name of ["shared", "everything"]) {
        const path = join(folder, `${name}.thrift`);
        const { program, problems } = compileIdlFile(path);
        assert.ok(program, JSON.stringify(problems));
        assert.deepEqual(describedByUs(program), describedByApache(path, folder, name));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function describedByApache(path: string, folder: string, name: string): unknown {
  execFileSync("thrift", ["--gen", "json", "-o", folder, path], { stdio: "ignore" });
  const file = join(folder, "gen-json", `${name}.json`);
  return sortedKeys(JSON.parse(readFileSync(file, "utf8")));
}

/** Our model in the words of Apache's JSON: typedefs written out, enums as i32. */
function describedByUs(program: Program): unknown {
  const { typedefs, constants, enums, structs, services } = program;
  return sortedKeys({
    name: program.name,
    ...docOf(program),
    namespaces: Object.fromEntries(
      [...program.namespaces].map(([scope, namespace]) => [scope, namespace.name]),
    ),
    includes: program.includes.map((include) => include.name),
    enums: enums.map((item) => ({
      ...described(item),
      // Apache's JSON leaves the annotations of the values out.
      members: item.values.map((value) => ({
        name: value.name,
        ...docOf(value),
        value: value.value,
      })),
    })),
    typedefs: typedefs.map((item) => ({ ...described(item), ...typed("", item.type, program) })),
    structs: structs.map((item) => ({
      ...described(item),
      isException: item.kind === "exception",
      isUnion: item.kind === "union",
      fields: fieldsOf(item.fields, program, item),
    })),
    constants: constants.map((item) => ({
      ...described(item),
      ...typed("", item.type, program),
      value: valueOf(item.value),
    })),
    services: services.map((item) => ({
      ...described(item),
      ...(item.extends && { extends: qualified(item.extends, program) }),
      functions: item.functions.map((own) => ({
        ...described(own),
        ...(own.result ? typed("return", own.result, program) : { returnTypeId: "void" }),
        oneway: own.oneway,
        arguments: fieldsOf(own.arguments, program),
        exceptions: fieldsOf(own.throws, program),
      })),
    })),
  });
}

function docOf(item: { readonly doc?: string | undefined }) {
  return item.doc === undefined ? {} : { doc: `${item.doc}\n` };
}

function described(item: Described) {
  const annotations = Object.fromEntries(item.annotations);
  return {
    name: item.name,
    ...docOf(item),
    ...(item.annotations.size > 0 && { annotations }),
  };
}

function fieldsOf(fields: readonly Field[], program: Program, owner?: Struct) {
  const words = { required: "required", optional: "optional", default: "req_out" };
  return fields.map((field) => ({
    ...described(field),
    key: field.id,
    ...typed("", field.type, program),
    required: owner?.kind === "union" ? "optional" : words[field.requiredness],
    ...(field.defaultValue && { default: valueOf(field.defaultValue) }),
  }));
}

/** `typeId` and, for types with parts, `type`; with a prefix `elemTypeId`, `elemType`. */
function typed(prefix: string, type: Type, program: Program): Record<string, unknown> {
  const typeId = typeIdOf(type);
  const idKey = prefix === "" ? "typeId" : `${prefix}TypeId`;
  const typeKey = prefix === "" ? "type" : `${prefix}Type`;
  const parts = partsOf(type, program);
  const annotations = ownAnnotations(type);
  if (parts === undefined && annotations === undefined) return { [idKey]: typeId };
  return { [idKey]: typeId, [typeKey]: { typeId, ...parts, ...annotations } };
}

/**
 * Apache shows the annotations of a container where it is written, not through a typedef; with a
 * struct it shows those of its definition, and of base types it shows none.
 */
function ownAnnotations(type: Type) {
  let own = type.annotations;
  if (type.kind === "struct") own = type.definition.annotations;
  else if (type.alias !== undefined || !CONTAINERS.has(type.kind)) return undefined;
  return own.size === 0 ? undefined : { annotations: Object.fromEntries(own) };
}

const CONTAINERS: ReadonlySet<string> = new Set(["list", "set", "map"]);

function typeIdOf(type: Type): string {
  if (type.kind === "struct") return type.definition.kind;
  if (type.kind === "enum") return "i32";
  return type.kind === "byte" ? "i8" : type.kind;
}

function partsOf(type: Type, program: Program): Record<string, unknown> | undefined {
  switch (type.kind) {
    case "list":
    case "set":
      return typed("elem", type.element, program);
    case "map":
      return { ...typed("key", type.key, program), ...typed("value", type.value, program) };
    case "struct":
      return { class: qualified(type.definition, program) };
    default:
      return undefined;
  }
}

function qualified(item: { name: string; program: Program }, program: Program): string {
  return item.program === program ? item.name : `${item.program.name}.${item.name}`;
}

function valueOf(value: ConstValue): unknown {
  switch (value.kind) {
    case "bool":
      return value.value ? 1 : 0;
    case "byte":
    case "i16":
    case "i32":
    case "i64":
      return Number(value.value);
    case "enum":
      return value.value.value;
    case "binary":
      return Buffer.from(value.value).toString();
    case "list":
    case "set":
      return value.elements.map(valueOf);
    case "map":
      return Object.fromEntries(
        value.entries.map((entry) => [String(valueOf(entry.key)), valueOf(entry.value)]),
      );
    case "struct":
      return Object.fromEntries(
        value.fields.map((entry) => [entry.field.name, valueOf(entry.value)]),
      );
    default:
      return value.value;
  }
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, sortedKeys(part)]));
}

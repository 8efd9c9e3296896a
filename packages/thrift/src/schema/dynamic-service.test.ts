import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "@holdfast/core";
import * as everything from "../codegen/testdata/gen/everything.ts";
import { compileIdl } from "../idl/index.ts";
import { BinaryReader } from "../protocol/binary-reader.ts";
import { BinaryWriter } from "../protocol/binary-writer.ts";
import { bytesOf } from "../protocol/buffers.ts";
import { DynamicException } from "./dynamic-exception.ts";
import { dynamicService } from "./dynamic-service.ts";
import { schemaOf } from "./schema-of.ts";
import type { ServiceSchema } from "./schema.ts";
import type { Codec, MethodDefinition } from "./service-definition.ts";

const context = {} as Context;

function schemaOfText(text: string): ServiceSchema {
  const { program } = compileIdl("test.thrift", () => text);
  assert.ok(program !== undefined);
  const [service] = schemaOf(program).services.values();
  assert.ok(service !== undefined);
  return service;
}

function overBinary(codec: Codec<unknown>, value: unknown): unknown {
  const output = new BinaryWriter();
  codec.writeBinary(output, value);
  return codec.readBinary(new BinaryReader(bytesOf(output.buffer), 0, output.offset));
}

describe("a service without generated code", () => {
  it("has the methods of the generated one", () => {
    const dynamic = dynamicService(everything.MoreOfEverythingSchema).methods;
    const generated = everything.MoreOfEverything.methods;
    const shown = (methods: readonly MethodDefinition[]): unknown =>
      methods.map(({ name, oneway, idempotent, annotations, result, exceptions }) => ({
        name,
        oneway,
        idempotent,
        annotations,
        result: result?.type,
        exceptions: exceptions.map(({ id, name: field }) => [id, field]),
      }));
    assert.deepEqual(shown(dynamic), shown(generated));
  });

  it("sends arguments by their names and calls handlers with them in order", async () => {
    const service = dynamicService(schemaOfText("service S { i32 Add(1: i32 a, 2: i32 b = 5) }"));
    const client = service.client((method, _context, args) => {
      const sent = overBinary(method.arguments, args) as object;
      const handler = {
        add: (_own: Context, a: unknown, b: unknown) => Promise.resolve(Number(a) + Number(b)),
      };
      return (method as MethodDefinition<object>).invoke(handler, context, sent);
    });
    assert.equal(await client["add"]?.(context, 1, 2), 3);
    assert.equal(await client["add"]?.(context, 1), 6);
  });

  it("says that a handler lacks a method", async () => {
    const [method] = dynamicService(schemaOfText("service S { void run() }")).methods;
    assert.ok(method !== undefined);
    await assert.rejects(method.invoke({}, context, {}), /the handler has no method run/);
  });

  it("tells its exceptions from others, and keeps their fields", () => {
    const schema = schemaOfText(`
      exception A { 1: string message, 2: i32 code = 4 }
      exception B { 1: string reason }
      service S { void run() throws (1: A a, 2: B b) }
    `);
    const [method] = dynamicService(schema).methods;
    const [a, b] = method?.exceptions ?? [];
    assert.ok(a !== undefined && b !== undefined);
    const struct = schema.methods[0]?.exceptions[0]?.of();
    assert.ok(struct !== undefined);
    const error = overBinary(a.codec, new DynamicException(struct, { message: "no" }));
    assert.ok(error instanceof DynamicException);
    assert.equal(error.message, "no");
    assert.deepEqual(Object.entries(error), [
      ["name", "A"],
      ["code", 4],
    ]);
    assert.equal(a.is(error), true);
    assert.equal(b.is(error), false);
    assert.equal(a.is(new Error("no")), false);
  });

  it("refuses values that are none of the type", () => {
    const schema = schemaOfText(`
      struct P { 1: required i32 x }
      service S { void run(1: P p, 2: list<i32> l, 3: map<i32, i32> m, 4: set<i32> s) }
    `);
    const [method] = dynamicService(schema).methods;
    const codec = method?.arguments;
    assert.ok(codec !== undefined);
    const invalid = { code: "invalid" };
    assert.throws(() => overBinary(codec, {}), { message: "S.run.p is required and missing" });
    assert.throws(() => overBinary(codec, { p: {} }), { message: "P.x is required and missing" });
    assert.throws(() => overBinary(codec, { p: 5 }), invalid);
    assert.throws(() => overBinary(codec, { p: { x: 1 }, l: 5 }), invalid);
    assert.throws(() => overBinary(codec, { p: { x: 1 }, m: {} }), invalid);
    assert.throws(() => overBinary(codec, { p: { x: 1 }, s: [] }), invalid);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BinaryReader,
  BinaryWriter,
  bytesOf,
  type Codec,
  CompactReader,
  CompactWriter,
  compileIdlFile,
  DynamicCodecs,
  schemaOf,
  type StructSchema,
} from "@holdfast/thrift";
import fc from "fast-check";
import { anyStruct } from "../testing/value-arbitrary.ts";
import * as everything from "./testdata/gen/everything.ts";
import * as names from "./testdata/gen/names.ts";
import * as shared from "./testdata/gen/shared.ts";

const RUNS = { numRuns: 60 };

interface Subject {
  readonly name: string;
  readonly schema: StructSchema;
  readonly codec: Codec<unknown>;
}

/** Every struct, union and exception that has a codec and a schema in a generated file. */
function subjects(module: Readonly<Record<string, unknown>>): Subject[] {
  return Object.entries(module).flatMap(([key, codec]) => {
    if (!key.endsWith("Codec") || typeof codec !== "object") return [];
    const name = key.slice(0, -"Codec".length);
    const schema = module[`${name}Schema`] as StructSchema;
    return [{ name, schema, codec: codec as Codec<unknown> }];
  });
}

const SUBJECTS = [...subjects(everything), ...subjects(names), ...subjects(shared)];

function binaryBytes(codec: Codec<unknown>, value: unknown): Buffer {
  const output = new BinaryWriter(16);
  codec.writeBinary(output, value);
  return Buffer.from(output.buffer.subarray(0, output.offset));
}

function compactBytes(codec: Codec<unknown>, value: unknown): Buffer {
  const output = new CompactWriter(16);
  codec.writeCompact(output, value);
  return Buffer.from(output.buffer.subarray(0, output.offset));
}

function readBinary(codec: Codec<unknown>, bytes: Buffer): unknown {
  const input = new BinaryReader(bytesOf(bytes));
  const value = codec.readBinary(input);
  assert.equal(input.offset, bytes.length, "everything is read");
  return value;
}

function readCompact(codec: Codec<unknown>, bytes: Buffer): unknown {
  const input = new CompactReader(bytesOf(bytes));
  const value = codec.readCompact(input);
  assert.equal(input.offset, bytes.length, "everything is read");
  return value;
}

describe("generated codecs", () => {
  for (const { name, schema, codec } of SUBJECTS) {
    it(`read ${name} as it was written, in both protocols`, () => {
      fc.assert(
        fc.property(anyStruct(schema), (value) => {
          assert.deepStrictEqual(readBinary(codec, binaryBytes(codec, value)), value);
          assert.deepStrictEqual(readCompact(codec, compactBytes(codec, value)), value);
        }),
        RUNS,
      );
    });
  }
});

describe("codecs made from a schema", () => {
  const codecs = new DynamicCodecs();

  for (const { name, schema, codec } of SUBJECTS) {
    it(`write the bytes of the generated codec of ${name}, and read them alike`, () => {
      const dynamic = codecs.structCodec(schema);
      fc.assert(
        fc.property(anyStruct(schema), (value) => {
          const binary = binaryBytes(codec, value);
          assert.deepEqual(binaryBytes(dynamic, value), binary);
          assert.deepStrictEqual(readBinary(dynamic, binary), value);
          const compact = compactBytes(codec, value);
          assert.deepEqual(compactBytes(dynamic, value), compact);
          assert.deepStrictEqual(readCompact(dynamic, compact), value);
        }),
        RUNS,
      );
    });
  }
});

describe("schemaOf", () => {
  it("makes the schemas that are in the generated files", () => {
    for (const [file, module] of Object.entries({ everything, names, shared })) {
      const { program } = compileIdlFile(`${import.meta.dirname}/testdata/${file}.thrift`);
      assert.ok(program !== undefined);
      const made = schemaOf(program);
      const generated: Readonly<Record<string, unknown>> = module;
      for (const [name, schema] of made.structs) {
        const other = Object.values(generated).find((each) => isStructSchema(each, name));
        assert.ok(isStructSchema(other, name), `a schema of ${name}`);
        assert.deepEqual(flat(schema), flat(other));
      }
      for (const [name, schema] of made.services) {
        const other = Object.values(generated).find((each) => isServiceSchema(each, name));
        assert.deepEqual(flat(schema), flat(other));
      }
    }
  });
});

function isStructSchema(value: unknown, name: string): value is StructSchema {
  return typeof value === "object" && value !== null && "fields" in value && nameOf(value) === name;
}

function isServiceSchema(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null || nameOf(value) !== name) return false;
  return "methods" in value && !("client" in value);
}

function nameOf(value: object): unknown {
  return "name" in value ? value.name : undefined;
}

/** With what functions return instead of them, one level of references deep. */
function flat(value: unknown): unknown {
  if (typeof value === "function") {
    const made: unknown = value.length === 0 ? (value as () => unknown)() : undefined;
    if (typeof made === "object" && made !== null && "name" in made) return made.name;
    return made;
  }
  if (Array.isArray(value)) return value.map(flat);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "make")
      .map(([key, own]) => [key, flat(own)]),
  );
}

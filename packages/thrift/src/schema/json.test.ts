import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import * as everything from "../codegen/testdata/gen/everything.ts";
import { EverythingOfTypes } from "../testing/everything-of-types.ts";
import { anyStruct } from "../testing/value-arbitrary.ts";
import { fromJson, type Json, structType, toJson } from "./json.ts";
import type { StructSchema } from "./schema.ts";

const { PersonSchema, RequiredSchema, ContainersSchema, ShapeSchema, ClashSchema } = everything;

function read(schema: StructSchema, json: unknown): unknown {
  return fromJson(structType(schema), json);
}

function refuses(schema: StructSchema, json: unknown, message: string | RegExp): void {
  assert.throws(() => read(schema, json), { name: "ServiceError", code: "invalid", message });
}

/** Without properties that are undefined. */
function defined(value: unknown): unknown {
  if (value instanceof Set) return new Set([...value].map(defined));
  if (value instanceof Map) return new Map([...value].map(([key, own]) => [key, defined(own)]));
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(defined);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, own]) => (own === undefined ? [] : [[key, defined(own)]])),
  );
}

describe("values as JSON", () => {
  for (const schema of [RequiredSchema, ContainersSchema, EverythingOfTypes, PersonSchema]) {
    it(`come back as they were: ${schema.name}`, () => {
      fc.assert(
        fc.property(anyStruct(schema), (value) => {
          const text = JSON.stringify(toJson(structType(schema), value));
          assert.deepStrictEqual(read(schema, JSON.parse(text)), defined(asJsonHasIt(value)));
        }),
        { numRuns: 200 },
      );
    });
  }

  it("are strings for what JSON has no numbers or bytes for, and names for enums", () => {
    const value: everything.Required = {
      aBool: true,
      aByte: 1,
      anI16: 2,
      anI32: 3,
      anI64: 9223372036854775807n,
      aDouble: Number.NaN,
      aString: "text",
      aBinary: Uint8Array.of(0, 255),
      aUuid: "00112233-4455-6677-8899-aabbccddeeff",
      aColor: everything.Color.GREEN,
      aPerson: { id: 1n, name: "Ada", favourite: 77, children: [] },
      aList: [1],
      aSet: new Set([2]),
      aMap: new Map([[3, "three"]]),
      aCount: 4,
      aShape: { field: "label", value: "round" },
    };
    assert.deepEqual(toJson(structType(RequiredSchema), value), {
      aBool: true,
      aByte: 1,
      anI16: 2,
      anI32: 3,
      anI64: "9223372036854775807",
      aDouble: "NaN",
      aString: "text",
      aBinary: "AP8=",
      aUuid: "00112233-4455-6677-8899-aabbccddeeff",
      aColor: "GREEN",
      aPerson: { id: "1", name: "Ada", children: [], favourite: 77 },
      aList: [1],
      aSet: [2],
      aMap: { "3": "three" },
      aCount: 4,
      aShape: { label: "round" },
    } satisfies Json);
  });

  it("may be written in other ways that mean the same", () => {
    const person = read(PersonSchema, { id: 5, name: "Ada", favourite: "BLUE", age: null });
    assert.deepEqual(person, { id: 5n, name: "Ada", favourite: 4 });
    const negative = read(PersonSchema, { id: "-9", name: "Ada", favourite: "2" });
    assert.deepEqual(negative, { id: -9n, name: "Ada", favourite: 2 });
  });

  it("make exceptions of their class", () => {
    const error = read(ClashSchema, { message: "no", stack: "mine" });
    assert.ok(error instanceof everything.Clash);
    assert.deepEqual([error.message, error.stack_], ["no", "mine"]);
    assert.deepEqual(toJson(structType(ClashSchema), error), { message: "no", stack: "mine" });
  });
});

describe("JSON that is no value is refused", () => {
  it("with the path of the field", () => {
    const child = { id: "x", name: "Ben" };
    refuses(
      PersonSchema,
      { id: "1", name: "Ada", children: [{ id: 2, name: "Cy", children: [child] }] },
      /^children\[0\]\.children\[0\]\.id: expected an i64: .*, got "x"$/,
    );
    const places = { matrix: [], deep: { here: { "5": [true, 1] } } };
    refuses(
      ContainersSchema,
      places,
      /^deep\["here"\]\["5"\]\[1\]: expected true or false, got 1$/,
    );
  });

  it("when a required field is missing or null", () => {
    refuses(PersonSchema, { id: "1" }, "name: is required and missing");
    refuses(PersonSchema, { id: null, name: "" }, "id: is required and missing");
  });

  it("when a field does not exist, with those that do", () => {
    refuses(
      PersonSchema,
      { id: "1", nme: "Ada" },
      "nme: Person has no such field; it has id, name, age, tags, parent, children, favourite",
    );
  });

  it("when a value does not fit its type", () => {
    const person = { id: "1", name: "Ada" };
    for (const [fields, message] of [
      [{ id: "9223372036854775808" }, /^id: expected an i64/],
      [{ id: 2 ** 60 }, /^id: expected an i64/],
      [{ id: 1.5 }, /^id: expected an i64/],
      [{ id: true }, /^id: expected an i64/],
      [{ age: 2147483648 }, /^age: expected a whole number from -2147483648 to 2147483647/],
      [{ age: "" }, /^age: expected a whole number/],
      [{ name: 5 }, /^name: expected a string, got 5$/],
      [{ favourite: "PINK" }, /^favourite: expected a Color: a number or one of RED, GREEN/],
      [{ favourite: "toString" }, /^favourite: expected a Color/],
      [{ tags: "x" }, /^tags: expected a list, got "x"$/],
      [{ parent: [] }, /^parent: expected an object with the fields of Person, got \[\]$/],
    ] as const) {
      refuses(PersonSchema, { ...person, ...fields }, message);
    }
    refuses(RequiredSchema, { aBinary: "a" }, /^aBool: is required/);
    const optional = everything.OptionalSchema;
    refuses(optional, { aBinary: "a?" }, /^aBinary: expected bytes as a base64 string/);
    refuses(optional, { aUuid: "0011" }, /^aUuid: expected a uuid like/);
    refuses(optional, { aDouble: "1" }, /^aDouble: expected a number/);
    refuses(optional, { aCount: 2 ** 53 }, /^aCount: expected a whole number within 2\^53/);
    refuses(optional, { aMap: [[1]] }, /^aMap\[0\]: expected a pair \[key, value\]/);
  });

  it("when a union has not exactly one field", () => {
    refuses(ShapeSchema, {}, /needs exactly one of radius, polygon/);
    refuses(ShapeSchema, { radius: 1, label: "x" }, /needs exactly one of/);
  });

  it("when it nests deeper than a message may", () => {
    let shape: unknown = { label: "x" };
    for (let depth = 0; depth < 10_000; depth++) shape = { outline: shape };
    refuses(ShapeSchema, shape, /nested deeper than 64$/);
  });
});

/** A uuid is in lower case already; nothing else changes on its way through JSON but -0. */
function asJsonHasIt(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (value instanceof Set) return new Set([...value].map(asJsonHasIt));
  if (value instanceof Map) {
    return new Map([...value].map(([key, own]) => [asJsonHasIt(key), asJsonHasIt(own)]));
  }
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(asJsonHasIt);
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, asJsonHasIt(own)]));
}

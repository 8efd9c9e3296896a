import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "@holdfast/core";
import {
  BinaryReader,
  BinaryWriter,
  bytesOf,
  type Codec,
  CompactReader,
  CompactWriter,
  type MethodDefinition,
} from "@holdfast/thrift";
import fc from "fast-check";
import { anyStruct } from "../testing/value-arbitrary.ts";
import * as everything from "./testdata/gen/everything.ts";
import * as names from "./testdata/gen/names.ts";
import { NotAllowed, NotAllowedCodec } from "./testdata/gen/shared.ts";

/** Written by one codec and read by another, in both protocols. */
function recode(from: Codec<unknown>, value: unknown, to: Codec<unknown>): unknown[] {
  const binary = new BinaryWriter();
  from.writeBinary(binary, value);
  const binaryInput = new BinaryReader(bytesOf(binary.buffer), 0, binary.offset);
  const compact = new CompactWriter();
  from.writeCompact(compact, value);
  const compactInput = new CompactReader(bytesOf(compact.buffer), 0, compact.offset);
  const values = [to.readBinary(binaryInput), to.readCompact(compactInput)];
  assert.equal(binaryInput.offset, binaryInput.end, "Binary is read to its end");
  assert.equal(compactInput.offset, compactInput.end, "Compact is read to its end");
  return values;
}

const { Color, NeitherCodec, NothingCodec, OptionalCodec, PersonCodec, RequiredCodec } = everything;

describe("generated readers", () => {
  it("pass over fields of every type that they do not know", () => {
    fc.assert(
      fc.property(anyStruct(everything.RequiredSchema), (value) => {
        for (const read of recode(RequiredCodec, value, NothingCodec)) assert.deepEqual(read, {});
      }),
    );
    fc.assert(
      fc.property(anyStruct(everything.ContainersSchema), (value) => {
        const read = recode(everything.ContainersCodec, value, NothingCodec);
        assert.deepEqual(read, [{}, {}]);
      }),
    );
  });

  it("pass over a field that has another type than theirs", () => {
    // Field 1 is a bool there and an i64 here.
    const value = { aBool: true };
    assert.throws(() => recode(OptionalCodec, value, PersonCodec), /Person\.id is required/);
  });

  it("name the required field that is missing", () => {
    for (const [codec, read] of [
      [PersonCodec, /Person\.id is required and missing/],
      [RequiredCodec, /Required\.aBool is required and missing/],
    ] as const) {
      assert.throws(() => recode(NothingCodec, {}, codec), {
        name: "ServiceError",
        code: "protocol",
        message: read,
      });
    }
  });

  it("give fields that say neither a zero value, and structs none", () => {
    for (const read of recode(NothingCodec, {}, NeitherCodec)) {
      assert.deepStrictEqual(read, {
        aBool: false,
        aByte: 0,
        anI16: 0,
        anI32: 0,
        anI64: 0n,
        aDouble: 0,
        aString: "",
        aBinary: new Uint8Array(0),
        aUuid: "00000000-0000-0000-0000-000000000000",
        aColor: 0,
        aPerson: undefined,
        aList: [],
        aSet: new Set(),
        aMap: new Map(),
        aCount: 0,
        aShape: undefined,
        anI8: 0,
      });
    }
  });

  it("give what did not come its default, a fresh one each time", () => {
    const given = { aRequired: 8n };
    const [first, second] = recode(everything.DefaultsCodec, given, everything.DefaultsCodec);
    assert.deepStrictEqual(first, {
      aBool: true,
      aByte: 1,
      anI16: 2,
      anI32: 25,
      anI64: 4n,
      aDouble: 5,
      aString: "plain text",
      aBinary: new Uint8Array(Buffer.from("abc")),
      aUuid: "12345678-9abc-def0-1234-56789abcdef0",
      aColor: Color.BLUE,
      aPoint: { x: 1, y: 2 },
      aList: [1, 2, 3],
      aSet: new Set([4]),
      aMap: new Map([[1, "one"]]),
      aCount: 6,
      aShape: { field: "label", value: "round" },
      anOptional: 9007199254740991n,
      aRequired: 8n,
    });
    assert.deepStrictEqual(second, first);
    assert.notEqual(
      (first as everything.Defaults).aList,
      (second as everything.Defaults).aList,
      "not shared",
    );
  });

  it("keep enum values that they do not know", () => {
    const person = { id: 1n, name: "Ada", favourite: 99, children: [] };
    for (const read of recode(PersonCodec, person, PersonCodec)) {
      assert.equal((read as everything.Person).favourite, 99);
    }
  });

  it("refuse what nests deeper than 64, and the writers do not write it", () => {
    let person: everything.Person = { id: 0n, name: "", children: [] };
    for (let depth = 1; depth < 64; depth++) person = { id: 0n, name: "", children: [person] };
    assert.equal(recode(PersonCodec, person, PersonCodec).length, 2);
    const deeper = { id: 0n, name: "", children: [person] };
    for (const write of [
      () => PersonCodec.writeBinary(new BinaryWriter(), deeper),
      () => PersonCodec.writeCompact(new CompactWriter(), deeper),
    ]) {
      assert.throws(write, { code: "invalid", message: "nested deeper than 64" });
    }
  });
});

describe("generated unions", () => {
  const { ShapeCodec, OnlyOneCodec } = everything;

  it("refuse no field, several, and one they do not know", () => {
    assert.throws(() => recode(NothingCodec, {}, ShapeCodec), {
      code: "protocol",
      message: /0 fields/,
    });
    const two = { anI64: 1n, aBool: true };
    assert.throws(() => recode(OptionalCodec, two, OnlyOneCodec), /2 fields, expected 1/);
    const unknown = { aUuid: "00000000-0000-0000-0000-000000000000" };
    assert.throws(() => recode(OptionalCodec, unknown, ShapeCodec), /not known here/);
  });

  it("refuse to write a field that they do not have", () => {
    const shape = { field: "colour", value: 1 } as unknown as everything.Shape;
    assert.throws(() => recode(ShapeCodec, shape, ShapeCodec), {
      code: "invalid",
      message: 'union Shape has no field "colour"',
    });
  });
});

describe("generated exceptions", () => {
  it("are errors that say what their fields hold", () => {
    const error = new everything.Strange({ message_: 5, reasons: ["x"] });
    assert.ok(error instanceof Error);
    assert.equal(error.name, "Strange");
    assert.equal(error.message_, 5);
    assert.equal(error.message, "message_: 5");
  });

  it("use a field called message as their message, and rename what errors have already", () => {
    const error = new everything.Clash({ message: "no", name_: "field", stack_: "mine" });
    assert.equal(error.message, "no");
    assert.equal(error.name, "Clash");
    assert.equal(error.name_, "field");
    assert.match(error.stack ?? "", /generated\.test\.ts/);
    const [read] = recode(everything.ClashCodec, error, everything.ClashCodec);
    assert.ok(read instanceof everything.Clash);
    assert.equal(read.stack_, "mine");
  });

  it("have the default of a field that did not come", () => {
    const [read] = recode(NothingCodec, {}, NotAllowedCodec);
    assert.ok(read instanceof NotAllowed);
    assert.equal(read.code, 403);
    assert.equal(read.message, "");
  });
});

describe("generated services", () => {
  const { Everything, MoreOfEverything } = everything;
  const context = {} as Context;

  it("hold the methods of the services they extend, the oldest first", () => {
    const methods = MoreOfEverything.methods.map(({ name }) => name);
    assert.deepEqual(methods.slice(0, 3), ["ping", "shutDown", "doNothing"]);
    assert.equal(methods.at(-1), "more");
    assert.equal(new Set(methods).size, methods.length);
  });

  it("send the arguments by their names and give them to the handler in their order", async () => {
    const calls: [string, object][] = [];
    const client = MoreOfEverything.client((method, _context, args) => {
      calls.push([method.name, args]);
      return Promise.resolve("done");
    });
    assert.equal(await client.ping(context), "done");
    await client.getPeople(context, new Set([1n]));
    await client.getI32(context, undefined);
    assert.deepEqual(calls, [
      ["ping", {}],
      ["get_people", { ids: new Set([1n]) }],
      ["getI32", { value: undefined }],
    ]);

    const handler = { getI32: (_context: Context, value: number) => Promise.resolve(value) };
    const method = Everything.methods.find(({ name }) => name === "getI32");
    const invoked = (method as MethodDefinition<object>).invoke(handler, context, {});
    assert.equal(await invoked, 25, "the default of the argument");
  });

  it("say what the IDL says of each method", () => {
    const method = Everything.methods.find(({ name }) => name === "get_people");
    assert.equal(method?.idempotent, true);
    assert.deepEqual(method?.annotations, { "holdfast.idempotent": "true", since: "2" });
    const forget = Everything.methods.find(({ name }) => name === "forget");
    assert.equal(forget?.oneway, true);
    assert.equal(forget?.result, undefined);
    const getPerson = Everything.methods.find(({ name }) => name === "GetPerson");
    const [clash, notAllowed] = getPerson?.exceptions ?? [];
    assert.equal(clash?.is(new everything.Clash({ message: "", stack_: "" })), true);
    assert.equal(clash?.is(new NotAllowed({ message: "" })), false);
    assert.equal(notAllowed?.id, 2);
  });

  it("refuse a call without an argument that is a struct", () => {
    const getPerson = Everything.methods.find(({ name }) => name === "GetPerson");
    assert.ok(getPerson !== undefined);
    assert.throws(() => recode(NothingCodec, {}, getPerson.arguments), {
      message: "Everything.GetPerson.person is required and missing",
    });
  });

  it("give each method a name of its own that does no harm", () => {
    const client = names.Context_.client(() => Promise.resolve());
    assert.deepEqual(Object.keys(client), [
      "then_",
      "then__",
      "getIt",
      "getIt_",
      "getIt__",
      "constructor_",
      "httpGet",
      "delete",
      "private",
    ]);
  });
});

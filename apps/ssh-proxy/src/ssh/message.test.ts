/** The data types of SSH, written and read. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MessageReader } from "./message-reader.ts";
import { MessageWriter } from "./message-writer.ts";
import { DISCONNECT, SshError } from "./ssh-error.ts";

type Field =
  | { readonly kind: "byte" | "uint32"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: Buffer }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "names"; readonly value: string[] };

const name = fc.stringMatching(/^[a-z@.-]{1,20}$/);
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant("byte" as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant("uint32" as const), value: fc.nat(0xffff_ffff) }),
  fc.record({ kind: fc.constant("boolean" as const), value: fc.boolean() }),
  fc.record({
    kind: fc.constant("string" as const),
    value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant("text" as const), value: fc.string({ unit: "grapheme" }) }),
  fc.record({ kind: fc.constant("names" as const), value: fc.array(name) }),
);

function write(fields: readonly Field[]): Buffer {
  const writer = new MessageWriter(94);
  for (const each of fields) {
    if (each.kind === "byte") writer.byte(each.value);
    else if (each.kind === "uint32") writer.uint32(each.value);
    else if (each.kind === "boolean") writer.boolean(each.value);
    else if (each.kind === "names") writer.names(each.value);
    else if (each.kind === "string" || each.kind === "text") writer.string(each.value);
  }
  return writer.finish();
}

function read(reader: MessageReader, fields: readonly Field[]): Field["value"][] {
  return fields.map(({ kind }) => reader[kind]());
}

describe("a message", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 8 }), fc.uint8Array(), (fields, rest) => {
        const bytes = Buffer.concat([write(fields), rest]);
        const reader = new MessageReader(bytes);
        assert.deepEqual(
          read(reader, fields),
          fields.map(({ value }) => value),
        );
        assert.equal(reader.remainingBytes, rest.length);
        assert.equal(reader.position, bytes.length - rest.length);
        assert.deepEqual(reader.rest(), Buffer.from(rest));
        reader.end();
      }),
    );
  });

  it("that is cut short anywhere is malformed, and nothing is made of it", () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), fc.nat(), (fields, at) => {
        const bytes = write(fields);
        const reader = new MessageReader(bytes.subarray(0, 1 + (at % (bytes.length - 1))));
        assert.throws(
          () => read(reader, fields),
          (error) => error instanceof SshError && error.reason === DISCONNECT.protocolError,
        );
      }),
    );
  });

  it("with lengths that are too large is malformed before memory is taken", () => {
    for (const length of [4, 0x7fff_ffff, 0xffff_ffff]) {
      const bytes = new MessageWriter(94).uint32(length).raw(Buffer.alloc(3)).finish();
      assert.throws(() => new MessageReader(bytes).string(), /malformed message: a string of/);
    }
    const bytes = new MessageWriter(94).string("12345").finish();
    assert.throws(() => new MessageReader(bytes).string(4), /of 5 bytes, at most 4/);
    assert.equal(new MessageReader(bytes).text(5), "12345");
    assert.throws(() => new MessageReader(bytes).end(), /9 bytes too many/);
  });

  it("has any byte but 0 for true, and no text that is not text", () => {
    assert.deepEqual([new MessageReader(Buffer.of(98, 0)).boolean()], [false]);
    assert.deepEqual([new MessageReader(Buffer.of(98, 7)).boolean()], [true]);
    const bytes = new MessageWriter(94).string(Buffer.of(0x61, 0xff)).finish();
    assert.equal(new MessageReader(bytes).text(), "a\u{fffd}");
    const names = new MessageWriter(94).string(",a,,b,").finish();
    assert.deepEqual(new MessageReader(names).names(), ["a", "b"]);
  });

  it("shows its bytes, and does not copy them", () => {
    const bytes = new MessageWriter(94).string("abc").finish();
    const value = new MessageReader(bytes).string();
    bytes[5] = 0x7a;
    assert.equal(value.toString(), "zbc");
  });

  // RFC 4251, 5.
  it("writes numbers of any length as the RFC does", () => {
    const mpint = (hex: string): string =>
      new MessageWriter().mpint(Buffer.from(hex, "hex")).finish().toString("hex");
    assert.equal(mpint(""), "00000000");
    assert.equal(mpint("0000"), "00000000");
    assert.equal(mpint("09a378f9b2e332a7"), "0000000809a378f9b2e332a7");
    assert.equal(mpint("80"), "000000020080");
    assert.equal(mpint("000080"), "000000020080");
    assert.equal(mpint("7f"), "000000017f");
  });
});

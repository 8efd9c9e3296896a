/** Any bytes in any pieces are a header or a ServiceError, and never more than a header is held. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { formatAddress, parseAddress, ServiceError } from "holdfast";
import { HeaderParser } from "./header-parser.ts";
import type { ProxyHeaderStep } from "./header.ts";
import { VERSION_2_START } from "./version-2.ts";

const MAX_BYTES = 400;
const word = fc.oneof(
  fc.constantFrom("TCP4", "TCP6", "UNKNOWN", "1.2.3.4", "::1", "::ffff:1.2.3.4", "22", "65536"),
  fc.stringMatching(/^[\d.:a-f%]{0,20}$/),
  fc.string({ unit: "binary-ascii", maxLength: 5 }),
);
const text = fc
  .tuple(fc.array(word, { maxLength: 7 }), fc.constantFrom("\r\n", "\n", "\r", ""))
  .map(([words, end]) => Buffer.from(`PROXY ${words.join(" ")}${end}SSH-2.0-x\r\n`, "latin1"));
const binary = fc
  .tuple(
    fc.oneof(fc.constantFrom(0x20, 0x21), fc.nat({ max: 255 })),
    fc.oneof(fc.constantFrom(0, 0x11, 0x21, 0x31, 0x12), fc.nat({ max: 255 })),
    fc.oneof(fc.constantFrom(0, 12, 36, 216), fc.nat({ max: 65_535 })),
    fc.uint8Array({ maxLength: 500 }),
  )
  .map(([command, family, length, body]) => {
    const head = Buffer.of(command, family, length >> 8, length & 255);
    return Buffer.concat([VERSION_2_START, head, body]);
  });
const any = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
/** One byte of it is another, sometimes. */
const change = fc.option(fc.record({ at: fc.nat({ max: 40 }), byte: fc.nat({ max: 255 }) }));

it("gives a header or a ServiceError for any bytes, the same in any pieces", () => {
  const input = fc.oneof(text, binary, any);
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(input, change, sizes, (given, changed, pieces) => {
      const bytes = Buffer.from(given);
      if (changed !== null && changed.at < bytes.length) bytes[changed.at] = changed.byte;
      const whole = outcome(bytes, [bytes.length]);
      assert.deepEqual(outcome(bytes, pieces), whole);
      if (typeof whole === "string" || whole.kind === "more") return;
      assert.ok(whole.headerBytes <= MAX_BYTES && whole.headerBytes <= bytes.length);
      if (whole.header.kind === "own") return;
      for (const address of [whole.header.source, whole.header.destination]) {
        if (address.kind === "tcp") {
          assert.deepEqual(parseAddress(formatAddress(address)), address);
        } else {
          assert.ok(Buffer.from(address.path, "latin1").length <= 108);
        }
      }
    }),
    { numRuns: 100_000 },
  );
});

/** What became of the bytes: a refusal's text, or the last step with the header's whole length. */
function outcome(bytes: Buffer, sizes: readonly number[]): ProxyHeaderStep | string {
  const parser = new HeaderParser(MAX_BYTES);
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const piece = bytes.subarray(at, at + sizes[index % sizes.length]!);
    let step;
    try {
      step = parser.push(piece);
    } catch (error) {
      assert.ok(error instanceof ServiceError && error.code === "protocol");
      assert.ok(error.message.length < 1_000);
      return error.message;
    }
    if (step.kind === "done") {
      assert.ok(step.headerBytes > 0 && step.headerBytes <= piece.length);
      return { ...step, headerBytes: at + step.headerBytes };
    }
    at += piece.length;
  }
  return { kind: "more" };
}

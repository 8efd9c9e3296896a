import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anyMessage, MESSAGE_FORMS, messageBytes } from "../testing/message-bytes.ts";
import { bytesOf } from "./buffers.ts";
import { StructScanner } from "./struct-scanner.ts";

const LARGE = { messageMaxBytes: 1_000_000 };

function scanWhole(hex: string, messageMaxBytes = 1000): number | undefined {
  const bytes = bytesOf(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  return new StructScanner({ messageMaxBytes }).scan(bytes, 0, bytes.buffer.length);
}

describe("StructScanner", () => {
  for (const form of MESSAGE_FORMS) {
    it(`finds the same end however a message is cut: ${form}`, () => {
      const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
      fc.assert(
        fc.property(anyMessage(form), cuts, fc.nat(9), (message, places, behind) => {
          const bytes = bytesOf(Buffer.concat([message, Buffer.alloc(behind)]));
          const scanner = new StructScanner(LARGE);
          const ends = places.map((place) => Math.floor(place * message.length));
          for (const end of ends.toSorted((one, other) => one - other)) {
            const found = scanner.scan(bytes, 0, end);
            assert.equal(found, end === message.length ? end : undefined);
            if (found !== undefined) return;
          }
          assert.equal(scanner.scan(bytes, 0, bytes.buffer.length), message.length);
        }),
        { numRuns: 200 },
      );
    });

    it(`goes on where it stopped when the bytes have moved: ${form}`, () => {
      const message = messageBytes(form, "move", { field8: "text", field15: true });
      const scanner = new StructScanner(LARGE);
      const there = bytesOf(Buffer.concat([Buffer.alloc(50, 9), message]));
      for (let length = 0; length < message.length; length++) {
        const [bytes, start] = length % 2 === 0 ? [bytesOf(message), 0] : [there, 50];
        assert.equal(scanner.scan(bytes, start, start + length), undefined);
      }
      assert.equal(scanner.scan(there, 50, 50 + message.length), 50 + message.length);
    });
  }

  it("does not look again at what it has passed", () => {
    const message = messageBytes("binary", "large", { field8: "x".repeat(100_000) });
    const scanner = new StructScanner(LARGE);
    assert.equal(scanner.scan(bytesOf(message), 0, 60), undefined);
    // All but the end is overwritten: had it been read again, this would be no message.
    const overwritten = Buffer.from(message).fill(0xff, 0, message.length - 10);
    assert.equal(scanner.scan(bytesOf(overwritten), 0, message.length), message.length);
  });

  it("refuses a message that will be too long as soon as that is known", () => {
    const tooLarge = { code: "too-large" };
    // A string of 2 GiB, a list of 2^31 - 1 structs, a map of i64 to i64.
    const head = "80010001 00000001 61 00000007";
    assert.throws(() => scanWhole(`${head} 0b0001 7fffffff`), tooLarge);
    assert.throws(() => scanWhole(`${head} 0f0001 0c 7fffffff`), tooLarge);
    assert.throws(() => scanWhole(`${head} 0d0001 0a0a 00000040`), tooLarge);
    assert.throws(() => scanWhole("8221 07 01 61 18 ffffffff07"), tooLarge);
    assert.throws(() => scanWhole("8221 07 01 61 19 f7 ff07"), tooLarge);
    assert.throws(() => scanWhole(`${head} 020001 01 00`, 15), tooLarge);
    assert.equal(scanWhole(`${head} 020001 01 00`, 18), 18);
  });

  it("refuses what is no message", () => {
    const protocol = { code: "protocol" };
    assert.throws(() => scanWhole("474554202f20"), protocol);
    assert.throws(() => scanWhole("80020001 00000001"), protocol);
    assert.throws(() => scanWhole("00001000"), protocol);
    assert.throws(() => scanWhole("8222 07 01 61"), protocol);
    assert.throws(() => scanWhole("8221 8080808080808080808001"), protocol);
    assert.throws(() => scanWhole("8221 07 01 61 1e"), protocol);
    assert.throws(() => scanWhole("80010001 00000000 00000007 05000100000000"), protocol);
  });

  it("refuses endless nesting without a deep stack", () => {
    const head = Buffer.from("8001000100000000" + "00000007", "hex");
    const nested = Buffer.from("0c0001".repeat(5000), "hex");
    const bytes = bytesOf(Buffer.concat([head, nested]));
    assert.throws(() => new StructScanner(LARGE).scan(bytes, 0, bytes.buffer.length), {
      code: "protocol",
      message: "nested deeper than 1024",
    });
  });
});

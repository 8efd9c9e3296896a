import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Address, formatAddress, parseAddress } from "./network.ts";

const port = fc.integer({ min: 0, max: 65_535 });
const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constantFrom("localhost", "::", "::1"));
const address: fc.Arbitrary<Address> = fc.oneof(
  fc
    .tuple(host, port)
    .map(([name, number]) => ({ kind: "tcp" as const, host: name, port: number })),
  fc.string({ minLength: 1 }).map((path) => ({ kind: "unix" as const, path })),
);

describe("addresses", () => {
  it("come back from their text as they were", () => {
    fc.assert(
      fc.property(address, (one) => {
        assert.deepEqual(parseAddress(formatAddress(one)), one);
      }),
    );
  });

  it("are written as people write them", () => {
    assert.equal(formatAddress({ kind: "tcp", host: "10.0.0.7", port: 90 }), "10.0.0.7:90");
    assert.equal(formatAddress({ kind: "tcp", host: "::1", port: 90 }), "[::1]:90");
    assert.equal(formatAddress({ kind: "unix", path: "/run/a.sock" }), "unix:/run/a.sock");
  });

  it("are not made of text that is none", () => {
    const wrong = [
      "",
      "localhost",
      ":80",
      "localhost:",
      "localhost:65536",
      "localhost:-1",
      "localhost:80x",
      "::1:80",
      "[::1]",
      "[::1:80",
      "local host:80",
      "unix:",
    ];
    for (const text of wrong) assert.equal(parseAddress(text), undefined, text);
  });

  it("or of any other text than an address", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = parseAddress(text);
        if (found === undefined) return;
        assert.deepEqual(parseAddress(formatAddress(found)), found);
      }),
    );
  });
});

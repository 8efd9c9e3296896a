import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Address, formatAddress } from "holdfast";
import { formatIp, parseIp } from "../source-address.ts";
import { readHeader } from "./header-parser.ts";
import type { ProxyHeader } from "./header.ts";
import { writeLocalHeader, writeProxyHeader } from "./write-header.ts";

function readBack(bytes: Buffer): ProxyHeader {
  const step = readHeader(bytes, 4_096);
  assert.ok(step.kind === "done");
  assert.equal(step.headerBytes, bytes.length);
  return step.header;
}

const host = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => formatIp(parseIp(text)!));
const tcp: fc.Arbitrary<Address> = fc
  .tuple(host, fc.integer({ min: 0, max: 65_535 }))
  .map(([name, port]) => ({ kind: "tcp", host: name, port }));
const unix: fc.Arbitrary<Address> = fc
  .stringMatching(/^\/[a-z/]{1,100}$/)
  .map((path) => ({ kind: "unix", path }));

describe("a PROXY header that we write", () => {
  it("is read as what was written, also where the two ends are of different families", () => {
    const pair = fc.oneof(fc.tuple(tcp, tcp), fc.tuple(unix, unix));
    fc.assert(
      fc.property(pair, ([source, destination]) => {
        const bytes = writeProxyHeader(formatAddress(source), formatAddress(destination));
        assert.deepEqual(readBack(bytes), { kind: "proxied", version: 2, source, destination });
      }),
    );
  });

  it("is byte for byte what the protocol's text says", () => {
    const signature = "0d0a0d0a000d0a515549540a";
    assert.equal(
      writeProxyHeader("192.0.2.7:51234", "198.51.100.1:22").toString("hex"),
      `${signature}2111000cc0000207c6336401c8220016`,
    );
    assert.equal(writeLocalHeader().toString("hex"), `${signature}20000000`);
  });

  it("names nobody where there is nobody to name", () => {
    const own = { kind: "own", version: 2 };
    assert.deepEqual(readBack(writeLocalHeader()), own);
    assert.deepEqual(readBack(writeProxyHeader("unknown", "10.0.0.1:22")), own);
    assert.deepEqual(readBack(writeProxyHeader("unix:/run/a", "10.0.0.1:22")), own);
    assert.deepEqual(readBack(writeProxyHeader("a.example:22", "10.0.0.1:22")), own);
  });

  it("cuts a path that is too long", () => {
    const path = `/${"a".repeat(200)}`;
    const header = readBack(writeProxyHeader(`unix:${path}`, "unix:/b"));
    const source = { kind: "unix", path: path.slice(0, 108) };
    assert.deepEqual(header.kind === "proxied" && header.source, source);
  });
});

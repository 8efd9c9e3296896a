import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "holdfast";
import { HeaderParser } from "./header-parser.ts";
import type { ProxyHeader } from "./header.ts";
import { VERSION_2_START } from "./version-2.ts";

const MAX_BYTES = 4_096;
const tcp = (host: string, port: number) => ({ kind: "tcp", host, port }) as const;
const unix = (path: string) => ({ kind: "unix", path }) as const;

function version2(command: number, family: number, body: readonly number[]): Buffer {
  const head = [command, family, body.length >> 8, body.length & 255];
  return Buffer.concat([VERSION_2_START, Buffer.from([...head, ...body])]);
}

const TCP4_BODY = [192, 0, 2, 7, 198, 51, 100, 1, 0xc8, 0x22, 0, 22];
const IPV6_BYTES = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
const UNIX_BODY = [...Buffer.from("/run/a".padEnd(108, "\0")), ...Buffer.alloc(108)];
const PROXIED_4 = { source: tcp("192.0.2.7", 51_234), destination: tcp("198.51.100.1", 22) };
const PROXIED_6 = { source: tcp("2001:db8::7", 51_234), destination: tcp("2001:db8::7", 22) };

const GOOD: readonly [name: string, bytes: Buffer, header: ProxyHeader][] = [
  [
    "version 1 over IPv4",
    Buffer.from("PROXY TCP4 192.0.2.7 198.51.100.1 51234 22\r\n"),
    { kind: "proxied", version: 1, ...PROXIED_4 },
  ],
  [
    "version 1 over IPv6",
    Buffer.from("PROXY TCP6 2001:0db8:0::7 2001:DB8::7 51234 22\r\n"),
    { kind: "proxied", version: 1, ...PROXIED_6 },
  ],
  [
    "version 1 with IPv4 in IPv6",
    Buffer.from("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 51234 22\r\n"),
    { kind: "proxied", version: 1, ...PROXIED_4 },
  ],
  [
    "the longest line of version 1",
    Buffer.from(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`),
    { kind: "own", version: 1 },
  ],
  ["version 1, unknown", Buffer.from("PROXY UNKNOWN\r\n"), { kind: "own", version: 1 }],
  [
    "version 2 over IPv4",
    version2(0x21, 0x11, TCP4_BODY),
    { kind: "proxied", version: 2, ...PROXIED_4 },
  ],
  [
    "version 2 over IPv6",
    version2(0x21, 0x21, [...IPV6_BYTES, ...IPV6_BYTES, 0xc8, 0x22, 0, 22]),
    { kind: "proxied", version: 2, ...PROXIED_6 },
  ],
  [
    "version 2 over Unix sockets",
    version2(0x21, 0x31, UNIX_BODY),
    { kind: "proxied", version: 2, source: unix("/run/a"), destination: unix("") },
  ],
  [
    "version 2 with extensions",
    version2(0x21, 0x11, [...TCP4_BODY, 0x04, 0, 3, 1, 2, 3, 0x20, 0, 1, 9]),
    { kind: "proxied", version: 2, ...PROXIED_4 },
  ],
  [
    "the longest header of version 2",
    version2(0x21, 0x11, [...TCP4_BODY, ...Buffer.alloc(MAX_BYTES - 28)]),
    { kind: "proxied", version: 2, ...PROXIED_4 },
  ],
  ["version 2, unspecified", version2(0x21, 0x00, []), { kind: "own", version: 2 }],
  ["version 2, unspecified, with more", version2(0x21, 0, [1, 2]), { kind: "own", version: 2 }],
  ["version 2, local", version2(0x20, 0x00, []), { kind: "own", version: 2 }],
  ["version 2, local, of any family", version2(0x20, 0x7f, [1]), { kind: "own", version: 2 }],
];

describe("a PROXY protocol header", () => {
  for (const [name, bytes, header] of GOOD) {
    it(`is read: ${name}`, () => {
      const behind = Buffer.from("SSH-2.0-x\r\n");
      const step = new HeaderParser(MAX_BYTES).push(Buffer.concat([bytes, behind]));
      assert.deepEqual(step, { kind: "done", header, headerBytes: bytes.length });
    });

    it(`is the same when it breaks at any byte, and takes none behind it: ${name}`, () => {
      for (let at = 0; at < bytes.length; at++) {
        const parser = new HeaderParser(MAX_BYTES);
        assert.deepEqual(parser.push(bytes.subarray(0, at)), { kind: "more" }, `at ${at}`);
        const rest = Buffer.concat([bytes.subarray(at), Buffer.from("SSH")]);
        const headerBytes = bytes.length - at;
        assert.deepEqual(parser.push(rest), { kind: "done", header, headerBytes }, `at ${at}`);
      }
    });

    it(`is the same byte by byte: ${name}`, () => {
      const parser = new HeaderParser(MAX_BYTES);
      for (const byte of bytes.subarray(0, -1)) {
        assert.equal(parser.push(Buffer.of(byte)).kind, "more");
      }
      const last = parser.push(bytes.subarray(-1));
      assert.deepEqual(last, { kind: "done", header, headerBytes: 1 });
    });
  }

  it("is the same in any pieces", () => {
    const pieces = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...GOOD), pieces, ([, bytes, header], sizes) => {
        const parser = new HeaderParser(MAX_BYTES);
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          const piece = Buffer.from(bytes.subarray(at, at + size));
          const step = parser.push(piece);
          piece.fill(0xee);
          at += piece.length;
          if (at < bytes.length) assert.equal(step.kind, "more");
          else return assert.deepEqual(step.kind === "done" && step.header, header);
        }
      }),
    );
  });
});

describe("what is no PROXY protocol header", () => {
  const BAD: readonly [name: string, bytes: Buffer | string, complaint: RegExp][] = [
    ["an SSH client", "SSH-2.0-OpenSSH_9.2p1\r\n", /begins with something else/],
    ["its first byte", "S", /begins with something else/],
    ["lower case", "proxy TCP4", /begins with something else/],
    ["a web client", "POST / HTTP/1.1\r\n", /begins with something else/],
    ["half of one and half of the other", "\r\n\r\n\0PROXY", /begins with something else/],
    ["a line without an end", `PROXY TCP4 ${"1".repeat(100)}`, /no line end within 107 bytes/],
    ["a line that ends late", `PROXY UNKNOWN ${"f".repeat(92)}\r\n`, /no line end within 107/],
    ["a line that ends with LF", "PROXY UNKNOWN\n", /does not end with CR LF/],
    ["two blanks", "PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n", /not as version 1 has it/],
    ["a field too few", "PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n", /not as version 1 has it/],
    ["a field too many", "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n", /not as version 1/],
    ["another family", "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n", /not as version 1/],
    ["UNKNOWN and more", "PROXY UNKNOWNS\r\n", /not as version 1/],
    ["control characters", "PROXY TCP4 \u001b[2J\r\n", /"PROXY TCP4 \\u001b\[2J" is not as/],
    ["IPv6 as TCP4", "PROXY TCP4 ::1 ::1 1 2\r\n", /"::1" is no address of TCP4/],
    ["IPv4 as TCP6", "PROXY TCP6 1.2.3.4 ::1 1 2\r\n", /"1\.2\.3\.4" is no address of TCP6/],
    ["a zone", "PROXY TCP6 fe80::1%0 ::1 1 2\r\n", /is no address of TCP6/],
    ["a name", "PROXY TCP4 localhost 1.2.3.4 1 2\r\n", /"localhost" is no address/],
    ["zeros in front", "PROXY TCP4 010.0.0.1 1.2.3.4 1 2\r\n", /"010\.0\.0\.1" is no address/],
    ["a high port", "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", /65536 is no port/],
    ["a port with a zero", "PROXY TCP4 1.2.3.4 1.2.3.4 1 022\r\n", /022 is no port/],
    ["version 1 in binary", version2(0x11, 0x11, TCP4_BODY), /version and command are 0x11/],
    ["another command", version2(0x22, 0x11, TCP4_BODY), /version and command are 0x22/],
    ["datagrams", version2(0x21, 0x12, TCP4_BODY), /family 0x12 is none of a stream/],
    ["a family of later", version2(0x21, 0x41, TCP4_BODY), /family 0x41 is none/],
    ["IPv4 without a port", version2(0x21, 0x11, TCP4_BODY.slice(2)), /needs 28 bytes, it has 26/],
    ["IPv6 as short as IPv4", version2(0x21, 0x21, TCP4_BODY), /needs 52 bytes, it has 28/],
    ["too long", version2(0x20, 0, [...Buffer.alloc(4_081)]), /4097 bytes long, at most 4096/],
  ];
  for (const [name, bytes, complaint] of BAD) {
    it(`is refused: ${name}`, () => {
      const all = Buffer.from(bytes as string, "latin1");
      const refusal = (error: unknown): boolean =>
        error instanceof ServiceError && error.code === "protocol" && complaint.test(error.message);
      assert.throws(() => new HeaderParser(MAX_BYTES).push(all), refusal);
      const parser = new HeaderParser(MAX_BYTES);
      assert.throws(() => {
        for (const byte of all) parser.push(Buffer.of(byte));
      }, refusal);
    });
  }

  it("is known as soon as it can be: a long header is not waited for", () => {
    const long = version2(0x20, 0, [...Buffer.alloc(5_000)]);
    assert.throws(() => new HeaderParser(MAX_BYTES).push(long.subarray(0, 16)), /at most 4096/);
    const datagrams = version2(0x21, 0x12, TCP4_BODY);
    assert.throws(() => new HeaderParser(MAX_BYTES).push(datagrams.subarray(0, 16)), /stream/);
  });
});

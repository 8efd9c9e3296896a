import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { GREETING_LINES_MAX, IdentReader } from "./ident-reader.ts";

type Role = ConstructorParameters<typeof IdentReader>[0];

/** The identification and what is behind it, with the bytes in pieces. */
function read(role: Role, text: string, pieceBytes = Infinity): [string, string] | undefined {
  const reader = new IdentReader(role);
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, Math.min(bytes.length, at + pieceBytes));
    const ident = reader.read(piece);
    if (ident === undefined) assert.equal(reader.usedBytes, piece.length);
    else return [ident, bytes.toString("latin1", at + reader.usedBytes)];
  }
  return undefined;
}

function refused(role: Role, text: string, what: RegExp, reason?: number): void {
  for (const pieceBytes of [1, 7, Infinity]) {
    assert.throws(
      () => read(role, text, pieceBytes),
      (error) => {
        assert.ok(error instanceof SshError);
        assert.match(error.message, what);
        assert.equal(error.reason, reason ?? DISCONNECT.protocolError);
        return true;
      },
    );
  }
}

describe("the identification", () => {
  it("is read in pieces of any size, with either end of line", () => {
    for (let pieceBytes = 1; pieceBytes < 40; pieceBytes++) {
      for (const end of ["\n", "\r\n"]) {
        for (const role of ["server", "client"] as const) {
          const found = read(role, `SSH-2.0-OpenSSH_9.2p1 Debian${end}rest`, pieceBytes);
          assert.equal(found?.[0], "SSH-2.0-OpenSSH_9.2p1 Debian");
          assert.ok("rest".endsWith(found[1].slice(0, 4)) || found[1] === "rest");
        }
      }
    }
  });

  it("may be of version 1.99, which is 2.0", () => {
    assert.deepEqual(read("server", "SSH-1.99-old\nx"), ["SSH-1.99-old", "x"]);
  });

  it("has 255 bytes at most, with its end", () => {
    const longest = `SSH-2.0-${"x".repeat(246)}`;
    assert.deepEqual(read("server", `${longest}\n`), [longest, ""]);
    refused("server", `${longest}x\n`, /no end of line in the first 255 bytes/);
    refused("client", "x".repeat(256), /no end of line in the first 255 bytes/);
  });

  it("of another version is refused as such", () => {
    const wrong = DISCONNECT.protocolVersionNotSupported;
    refused("server", "SSH-1.5-old\r\n", /only SSH 2.0 is spoken here, not "SSH-1.5-old"/, wrong);
    refused("client", "SSH-3.0-new\r\n", /not "SSH-3.0-new"/, wrong);
    refused("client", "SSH-\x1b[31m\n", /not "SSH-\\u001b\[31m"/, wrong);
  });

  it("has no NUL in it", () => {
    refused("server", "SSH-2.0-a\0b\n", /NUL/);
    refused("client", "hello\0", /NUL/);
  });
});

describe("a server", () => {
  it("says what spoke to it instead of SSH, at the first byte", () => {
    refused("server", "\x16\x03\x01\x02\x00", /TLS, not SSH/);
    refused("server", "\r\n", /not an SSH identification: "\\u000d/);
    refused("server", "hello\n", /not an SSH identification: "h/);
    refused("server", "SSX", /not an SSH identification: "SSX"/);
    assert.throws(() => read("server", "GET / HTTP/1.1\r\n"), /HTTP, not SSH/);
    assert.throws(() => read("server", "PRI * HTTP/2.0\r\n"), /HTTP, not SSH/);
  });
});

describe("a client", () => {
  it("lets lines of greeting go by, and no more than so many", () => {
    const lines = (count: number): string => "Welcome\r\n".repeat(count);
    const text = `${lines(GREETING_LINES_MAX)}SSH-2.0-x\nrest`;
    assert.deepEqual(read("client", text), ["SSH-2.0-x", "rest"]);
    assert.deepEqual(read("client", "\n\r\nSSH-2.0-x\n"), ["SSH-2.0-x", ""]);
    refused("client", lines(GREETING_LINES_MAX + 1), /in the first 21 lines/);
  });
});

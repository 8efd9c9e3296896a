import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { encodeFrame, WIRE_FORMS, wireForm } from "../testing/wire-form.ts";
import { SNIFF_BYTES, sniffFraming, sniffProtocol } from "./framing.ts";

describe("sniffing", () => {
  for (const form of WIRE_FORMS) {
    for (const name of ["p", "echo", "a".repeat(300)]) {
      it(`knows ${form.name} by the first bytes of a call of ${name.slice(0, 8)}`, () => {
        const frame = encodeFrame(form, { name, sequenceId: 7 });
        assert.equal(sniff(frame), form.framing);
      });
    }
    it(`knows ${form.name} by a frame as large as may be`, () => {
      const frame = encodeFrame(form, { name: "echo", sequenceId: 0x7fff_ffff });
      if (form.framing !== "buffered") frame.writeUInt32BE(1024 ** 3, 0);
      assert.equal(sniff(frame), form.framing);
    });
  }

  it("tells the protocols apart by their first byte", () => {
    for (const form of WIRE_FORMS) {
      const message = encodeFrame({ ...form, framing: "buffered" }, { name: "p", sequenceId: 1 });
      assert.equal(sniffProtocol(viewOf(message), 0), form.protocol, form.name);
    }
  });

  const NOT_THRIFT: Record<string, Uint8Array> = {
    HTTP: Buffer.from("GET / HTTP/1.1\r\n"),
    "HTTP/2": Buffer.from("PRI * HTTP/2.0\r\n"),
    "a TLS handshake": Buffer.from("16030100f8010000f40303", "hex"),
    "an SSH banner": Buffer.from("SSH-2.0-OpenSSH_9.7\r\n"),
    zeros: Buffer.alloc(16),
    ones: Buffer.alloc(16, 0xff),
    "Apache's THeader": Buffer.from("0000002e0fff00000000000100010000", "hex"),
    "a Binary version to come": Buffer.from("00000020800200010000000465636861", "hex"),
    "a Compact version to come": Buffer.from("8222010465636861", "hex"),
    "a message type that does not exist": Buffer.from("00000020" + "82a1010465636861", "hex"),
  };
  for (const [what, bytes] of Object.entries(NOT_THRIFT)) {
    it(`refuses ${what} with the bytes it saw`, () => {
      assert.throws(
        () => sniff(bytes),
        (error) =>
          error instanceof ServiceError &&
          error.code === "protocol" &&
          error.message.includes(Buffer.from(bytes.subarray(0, 8)).toString("hex")) &&
          error.message.includes("no Thrift transport"),
      );
    });
  }

  it("looks at the first eight bytes only, and waits for them", () => {
    for (const form of WIRE_FORMS) {
      const frame = encodeFrame(form, { name: "echo", sequenceId: 7 });
      for (let count = 0; count <= SNIFF_BYTES; count++) {
        const framing = sniff(frame.subarray(0, count));
        if (count === SNIFF_BYTES || framing !== undefined) {
          assert.equal(framing, form.framing, `${form.name} by ${count} bytes`);
        }
      }
    }
  });

  it("knows a whole call that is shorter than eight bytes", () => {
    const frame = encodeFrame(wireForm("buffered compact"), { name: "p", sequenceId: 1 });
    assert.equal(frame.length, 6);
    assert.equal(sniff(frame), "buffered");
  });
});

function sniff(bytes: Uint8Array): string | undefined {
  // What lies before and behind must not matter.
  const shifted = Buffer.concat([Buffer.alloc(3, 0x82), bytes, Buffer.alloc(8, 0x82)]);
  return sniffFraming(viewOf(shifted), 3, bytes.length);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

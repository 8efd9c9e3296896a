import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CIPHERS, MACS } from "../algorithms.ts";
import { DISCONNECT, SshError } from "../../ssh-error.ts";
import { authenticatesByItself, createOpener, createSealer } from "./choose-cipher.ts";
import type { KeySource } from "./packet-cipher.ts";
import { PACKET_MAX_BYTES, PacketReader } from "./packet-reader.ts";
import { PacketWriter, PAYLOAD_MAX_BYTES } from "./packet-writer.ts";

const choices = CIPHERS.flatMap((cipher) =>
  authenticatesByItself(cipher) ? [{ cipher, mac: "" }] : MACS.map((mac) => ({ cipher, mac })),
);

const keys: KeySource = {
  iv: (bytes) => Buffer.alloc(bytes, 1),
  cipherKey: (bytes) => Buffer.alloc(bytes, 2),
  macKey: (bytes) => Buffer.alloc(bytes, 3),
};

type Names = (typeof choices)[number];

function writerOf(names: Names): PacketWriter {
  const writer = new PacketWriter();
  writer.use(createSealer(names, keys));
  return writer;
}

function readerOf(names: Names): PacketReader {
  const reader = new PacketReader();
  reader.use(createOpener(names, keys));
  return reader;
}

/** What comes of the bytes: messages, or the reason of the error. */
function readAll(reader: PacketReader, bytes: Buffer): Buffer[] | number {
  reader.push(bytes);
  const messages: Buffer[] = [];
  try {
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      messages.push(Buffer.from(next));
    }
  } catch (error) {
    assert.ok(error instanceof SshError, String(error));
    return error.reason;
  }
  return messages;
}

describe("packets under keys", () => {
  for (const names of choices) {
    it(`with any bit changed are refused: ${names.cipher} ${names.mac}`, () => {
      const writer = writerOf(names);
      const packet = writer.packet(Buffer.alloc(20, 9));
      // Packets behind it, so that there is an end wherever a changed length says it is.
      const rest = [1, 2].map(() => writer.packet(Buffer.alloc(32_000, 9)));
      for (let bit = 0; bit < packet.length * 8; bit++) {
        const changed = Buffer.from(packet);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const result = readAll(readerOf(names), Buffer.concat([changed, ...rest]));
        // Not the messages themselves: to show them takes a failing test half a minute.
        const reason = Array.isArray(result) ? "messages" : result;
        assert.equal(reason, DISCONNECT.macError, `bit ${bit}`);
      }
      assert.deepEqual(readAll(readerOf(names), packet), [Buffer.alloc(20, 9)]);
    });

    it(`have 4 bytes of padding or a few more: ${names.cipher} ${names.mac}`, () => {
      for (let bytes = 1; bytes < 40; bytes++) {
        const sealer = createSealer(names, keys);
        const writer = writerOf(names);
        const padded = writer.packet(Buffer.alloc(bytes)).length - sealer.tagBytes;
        const least = (sealer.sealsLength ? 4 : 0) + 1 + bytes + 4;
        const wanted = Math.ceil(least / 16) * 16 + (sealer.sealsLength ? 0 : 4);
        assert.equal(padded, wanted);
      }
    });

    it(`say nothing about what lay in memory before: ${names.cipher} ${names.mac}`, () => {
      // The same message twice, in other memory, is the same packet.
      const [first, second] = [1, 2].map(() => writerOf(names).packet(Buffer.alloc(5, 7)));
      assert.deepEqual(first, second);
    });
  }

  it("stay within what every peer must take", () => {
    for (const names of choices) {
      const packet = writerOf(names).packet(Buffer.alloc(PAYLOAD_MAX_BYTES));
      assert.ok(packet.length <= 35_000, `${packet.length}`);
      assert.ok(Array.isArray(readAll(readerOf(names), packet)));
    }
  });

  it("count their invocations across all the bytes of the counter", () => {
    const iv = Buffer.from("0102030400000000fffffffe", "hex");
    const names = { cipher: "aes128-gcm@openssh.com", mac: "" };
    const source = { ...keys, iv: () => Buffer.from(iv) };
    const reader = new PacketReader();
    const writer = new PacketWriter();
    reader.use(createOpener(names, source));
    writer.use(createSealer(names, source));
    writer.packet(Buffer.of(1));
    writer.packet(Buffer.of(2));
    const third = writer.packet(Buffer.of(3));
    const carried = { ...keys, iv: () => Buffer.from("010203040000000100000000", "hex") };
    reader.use(createOpener(names, carried));
    assert.deepEqual(readAll(reader, third), [Buffer.of(3)]);
  });

  it("count no further than the counter: the first four bytes stay (RFC 5647, 7.1)", () => {
    const names = { cipher: "aes256-gcm@openssh.com", mac: "" };
    const source = { ...keys, iv: () => Buffer.from("01020304ffffffffffffffff", "hex") };
    const writer = new PacketWriter();
    const reader = new PacketReader();
    writer.use(createSealer(names, source));
    writer.packet(Buffer.of(1));
    const second = writer.packet(Buffer.of(2));
    const wrapped = { ...keys, iv: () => Buffer.from("010203040000000000000000", "hex") };
    reader.use(createOpener(names, wrapped));
    assert.deepEqual(readAll(reader, second), [Buffer.of(2)]);
  });

  it("go on when their sequence number starts again from 0", () => {
    const names = { cipher: "aes128-ctr", mac: "hmac-sha2-256" };
    const [writer, reader] = [writerOf(names), readerOf(names)];
    writer.sequence = reader.sequence = 2 ** 32 - 1;
    const packets = [1, 2, 3].map((value) => writer.packet(Buffer.of(value)));
    assert.deepEqual(
      readAll(reader, Buffer.concat(packets)),
      [1, 2, 3].map((value) => Buffer.of(value)),
    );
    assert.equal(reader.sequence, 2);
  });
});

describe("plain packets", () => {
  function plain(length: number, padding: number, bytes = length): Buffer {
    const packet = Buffer.alloc(4 + bytes);
    packet.writeUInt32BE(length);
    packet[4] = padding;
    return packet;
  }

  it("of a wrong length are refused before there is memory for them", () => {
    for (const length of [0, 1, 3, 5, 11, 13, PACKET_MAX_BYTES + 1, 35_004, 2 ** 31, 2 ** 32 - 1]) {
      for (const bytes of [1, 40_000]) {
        const result = readAll(new PacketReader(), plain(length, 4, bytes));
        assert.equal(result, DISCONNECT.protocolError, `${length}`);
      }
    }
  });

  it("of the greatest length are taken", () => {
    const length = PACKET_MAX_BYTES - ((PACKET_MAX_BYTES + 4) % 8);
    const messages = readAll(new PacketReader(), plain(length, 4));
    assert.ok(Array.isArray(messages));
    assert.equal(messages[0]!.length, length - 5);
  });

  it("of wrong padding are refused", () => {
    for (const padding of [0, 1, 2, 3, 11, 12, 13, 255]) {
      const result = readAll(new PacketReader(), plain(12, padding));
      assert.equal(result, DISCONNECT.protocolError);
    }
    assert.deepEqual(readAll(new PacketReader(), plain(12, 10)), [Buffer.of(0)]);
  });
});

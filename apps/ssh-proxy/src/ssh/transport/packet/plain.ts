/** Packets before the first keys: neither encrypted nor authenticated. */
import type { PacketOpener, PacketSealer } from "./packet-cipher.ts";

export const PLAIN_SEALER: PacketSealer = {
  blockBytes: 8,
  sealsLength: true,
  tagBytes: 0,
  seal: () => {},
};

export const PLAIN_OPENER: PacketOpener = {
  blockBytes: 8,
  sealsLength: true,
  tagBytes: 0,
  headBytes: 4,
  authenticates: false,
  packetLength: (bytes, at) => bytes.readUInt32BE(at),
  open: (bytes, at, length) => bytes.subarray(at + 4, at + 4 + length),
};

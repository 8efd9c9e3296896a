/** A server and a client whose bytes a test carries from one to the other. */
import assert from "node:assert/strict";
import type { TransportInput } from "../ssh-transport.ts";
import { HOST_KEYS } from "./host-keys.ts";
import { type EndOptions, TestedEnd } from "./tested-end.ts";

export type PairOptions = Pick<TransportInput, "algorithms" | "requireStrictKex" | "limits"> & {
  readonly server?: Partial<EndOptions>;
  readonly client?: Partial<EndOptions>;
  /** The types of host key that the client asks for. */
  readonly hostKeyTypes?: readonly string[];
};

export class TransportPair {
  readonly server: TestedEnd;
  readonly client: TestedEnd;

  constructor({ server, client, hostKeyTypes, ...both }: PairOptions = {}) {
    this.server = new TestedEnd({
      role: { kind: "server", hostKeys: HOST_KEYS },
      ident: "TestedServer",
      ...both,
      ...server,
    });
    this.client = new TestedEnd({
      role: {
        kind: "client",
        acceptHostKey: (key) => HOST_KEYS.some(({ publicKey }) => publicKey.blob.equals(key.blob)),
        ...(hostKeyTypes !== undefined && { hostKeyTypes }),
      },
      ident: "TestedClient",
      ...both,
      ...client,
    });
  }

  /** Carries bytes both ways until there are none, in pieces of `pieceBytes`. */
  carry(pieceBytes = Infinity): void {
    while (this.server.written.length + this.client.written.length > 0) {
      receiveInPieces(this.client, this.server.take(), pieceBytes);
      receiveInPieces(this.server, this.client.take(), pieceBytes);
    }
  }

  /** The first key exchange, which must go well. */
  connect(): this {
    this.carry();
    this.assertWell();
    assert.equal(this.server.keys.length, 1);
    assert.equal(this.client.keys.length, 1);
    return this;
  }

  assertWell(): void {
    for (const { errors, disconnects } of [this.server, this.client]) {
      assert.deepEqual([...errors, ...disconnects], []);
    }
  }
}

export function receiveInPieces(end: TestedEnd, bytes: Buffer, pieceBytes: number): void {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    // In memory that is spoiled afterwards: what was received must not be kept.
    const piece = Buffer.from(bytes.subarray(at, Math.min(bytes.length, at + pieceBytes)));
    end.transport.receive(piece);
    piece.fill(0xee);
  }
}

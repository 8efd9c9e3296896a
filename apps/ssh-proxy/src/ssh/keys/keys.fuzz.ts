/** Any blob, line or file is a key or a SshKeyError, and any signature is checked or refused. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { generatePrivateKey } from "./generate-private-key.ts";
import { parsePrivateKey } from "./private-key.ts";
import { parsePublicKey } from "./public-key.ts";
import { parsePublicKeyLine } from "./public-key-line.ts";
import { SshKeyError } from "./ssh-key-error.ts";
import { KEY_LINES, rsaBlob } from "./testing/key-blobs.ts";

const keys = (["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"] as const).map((type) =>
  generatePrivateKey(type, "fuzz"),
);
const algorithms = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "rsa-sha2-256",
  "rsa-sha2-512",
  "ssh-rsa",
];
const data = Buffer.from("data");

/** Bytes of `from` with some of them overwritten, left out or doubled; or any bytes at all. */
function damaged(from: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const piece = fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 4 }),
    add: fc.uint8Array({ maxLength: 6 }),
  });
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 9,
      arbitrary: fc.tuple(fc.constantFrom(...from), fc.array(piece, { maxLength: 3 })).map(change),
    },
  );
}

function change([bytes, pieces]: [
  Uint8Array,
  { readonly at: number; readonly drop: number; readonly add: Uint8Array }[],
]): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, drop, add } of pieces) {
    const start = result.length === 0 ? 0 : at % result.length;
    result = Buffer.concat([result.subarray(0, start), add, result.subarray(start + drop)]);
  }
  return result;
}

/** What `run` gives, or undefined when it throws an error of ours. */
function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SshKeyError)) throw error;
    assert.ok(error.message.length > 0 && error.message.length < 400);
    assert.doesNotMatch(error.message, /\p{Cc}/u);
    return undefined;
  }
}

it("any bytes are a public key or a SshKeyError", () => {
  const blobs = [...keys.map(({ privateKey }) => privateKey.publicKey.blob), rsaBlob(16_384)];
  fc.assert(
    fc.property(damaged(blobs), fc.constantFrom(...algorithms), (blob, algorithm) => {
      const key = attempt(() => parsePublicKey(blob));
      if (key === undefined) return;
      assert.deepEqual(key.blob, blob);
      assert.ok(key.bits >= 256 && key.bits <= 16_384);
      assert.equal(typeof key.verify(algorithm, data, blob), "boolean");
    }),
    { numRuns: 50_000 },
  );
});

it("any bytes are a signature or none, and a damaged one is none", () => {
  const signed = keys.flatMap(({ privateKey }) =>
    privateKey.publicKey.signatureAlgorithms.map((name) => privateKey.sign(name, data)),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...keys),
      fc.constantFrom(...algorithms),
      damaged(signed),
      ({ privateKey }, algorithm, signature) => {
        const holds = privateKey.publicKey.verify(algorithm, data, signature);
        if (holds) assert.ok(signed.some((good) => good.equals(signature)));
      },
    ),
    { numRuns: 20_000 },
  );
});

it("any text is a line with a key or a SshKeyError", () => {
  const lines = KEY_LINES.flatMap(({ line }) => [line, `restrict,name="a b",x=1 ${line}`]);
  const changed = damaged(lines.map((line) => Buffer.from(line))).map((bytes) => bytes.toString());
  fc.assert(
    fc.property(fc.oneof(changed, fc.string({ unit: "binary" })), (text) => {
      const line = attempt(() => parsePublicKeyLine(text));
      if (line === undefined) return;
      assert.doesNotMatch(line.comment, /\p{Cc}/u);
      for (const { name, value = "" } of line.options) {
        assert.match(name, /^[a-z0-9@._-]+$/u);
        assert.doesNotMatch(value, /\p{Cc}/u);
      }
    }),
    { numRuns: 50_000 },
  );
});

it("any text is a private key's file or a SshKeyError, and a key that is read signs", () => {
  const armour = "OPENSSH PRIVATE KEY-----";
  const files = keys
    .slice(0, 2)
    .map(({ openssh }) => Buffer.from(openssh.replaceAll(/-----.*-----/gu, ""), "base64"));
  const inside = damaged(files).map(
    (bytes) => `-----BEGIN ${armour}\n${bytes.toString("base64")}\n-----END ${armour}\n`,
  );
  const outside = damaged(keys.map(({ openssh }) => Buffer.from(openssh)));
  fc.assert(
    fc.property(
      fc.oneof(
        inside,
        outside.map((bytes) => bytes.toString()),
      ),
      (text) => {
        const key = attempt(() => parsePrivateKey(text));
        if (key === undefined) return;
        const algorithm = key.publicKey.signatureAlgorithms[0]!;
        assert.ok(key.publicKey.verify(algorithm, data, key.sign(algorithm, data)));
      },
    ),
    { numRuns: 5_000 },
  );
});

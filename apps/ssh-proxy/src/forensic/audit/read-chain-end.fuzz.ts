/** Long searches for an end of a file behind which an audit log does not go on in good order. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChainVerifier, ManualClock, ServiceError, silentLogger } from "holdfast";
import { openAuditLog } from "./audit-log.ts";
import { FaultyDisk } from "./testing/faulty-disk.ts";

const RUNS = { numRuns: 3_000 };
const LINE_END = 0x0a;

describe("an audit log", () => {
  it("goes on behind any bytes after a whole line, and the chain is whole then", async () => {
    const whole = await written(Buffer.alloc(0));
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: fc.constantFrom("\n", "{", "}", '"seq":2', "\r", "\0") }).map(Buffer.from),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (bytes) => {
        checkWhole(await written(Buffer.concat([whole, bytes])));
      }),
      RUNS,
    );
  });

  it("refuses any file that is none of its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        fc.pre(bytes[0] !== 0x7b);
        await assert.rejects(written(bytes), (error) => {
          return error instanceof ServiceError && error.code === "invalid";
        });
      }),
      RUNS,
    );
  });
});

/** What a start and an orderly end make of a file. */
async function written(content: Uint8Array): Promise<Buffer> {
  const disk = new FaultyDisk(content);
  const clock = new ManualClock();
  const log = await openAuditLog({ disk, clock, logger: silentLogger });
  await log.close();
  return disk.content;
}

function checkWhole(bytes: Buffer): void {
  const verifier = new ChainVerifier();
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_END, start);
    assert.ok(end >= 0);
    verifier.take(bytes.subarray(start, end));
    start = end + 1;
  }
  assert.equal(verifier.problem, undefined);
  assert.equal(verifier.brokenLineNumber, undefined);
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChainVerifier, ManualClock, MemoryLogger } from "holdfast";
import type { EventRecord } from "../event-record.ts";
import { type AuditLog, openAuditLog } from "./audit-log.ts";
import { type AuditOptions, completeAuditOptions } from "./audit-options.ts";
import { FaultyDisk } from "./testing/faulty-disk.ts";

describe("the audit log", () => {
  it("writes a chain of events, with a line at its start and its end", async () => {
    const { disk, log, settle } = await opened();
    log.write(event("accept"));
    log.write(event("end"));
    await settle();
    await log.close();
    assert.deepEqual(eventsOf(disk), ["opened", "accept", "end", "closed"]);
    checkChain(disk);
    assert.equal(disk.syncedBytes, disk.content.length);
    assert.equal(disk.closed, true);
  });

  it("is writable once its first line is written, and no more after its end", async () => {
    const { disk, log, settle } = await opened({}, (each) => each.hang());
    assert.equal(log.writable, false);
    disk.release();
    await settle();
    assert.equal(log.writable, true);
    await log.close();
    assert.equal(log.writable, false);
  });

  it("goes on behind any piece of a line that a crash left, and vouches for it", async () => {
    const { disk: before, log } = await opened();
    log.write(event("accept"));
    await log.close();
    const whole = before.content;
    const ends = lineEnds(whole);
    for (let length = 0; length <= whole.length; length++) {
      const disk = new FaultyDisk(whole.subarray(0, length));
      const { log: next, settle, logger } = await opened({}, undefined, disk);
      await settle();
      await next.close();
      const verifier = checkChain(disk);
      const unended = ends.includes(length + 1);
      const broken = length > 0 && !unended && !ends.includes(length);
      assert.equal(verifier.recoveredCount, broken ? 1 : 0, `cut at ${length}`);
      assert.equal(
        logger.lines.some(({ message }) => message === "audit file ends in a broken line"),
        broken,
      );
    }
  });

  it("survives a crash while it vouches for the one before", async () => {
    const { disk: before, log } = await opened();
    await log.close();
    const broken = new FaultyDisk(Buffer.concat([before.content, Buffer.from('{"seq":3,"pre')]));
    const { log: second } = await opened({}, undefined, broken);
    await second.close();
    for (let length = before.content.length; length < broken.content.length; length++) {
      const disk = new FaultyDisk(broken.content.subarray(0, length));
      const { log: third } = await opened({}, undefined, disk);
      await third.close();
      checkChain(disk);
    }
  });

  it("loses nothing to writes that take less than all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.nat(20), async (most, count) => {
        const { disk, log } = await opened({}, (each) => (each.writeMaxBytes = most));
        for (let index = 0; index < count; index++) log.write(event("exec"));
        await log.close();
        assert.equal(eventsOf(disk).length, count + 2);
        checkChain(disk);
      }),
      { numRuns: 30 },
    );
  });

  for (const [what, breakDisk, mendDisk] of [
    ["is full", (disk: FaultyDisk) => (disk.capacityBytes = disk.content.length + 70), mendFull],
    ["fails to write", (disk: FaultyDisk) => (disk.writeFails = "EIO"), mendWrites],
  ] as const) {
    it(`lets no session begin while the disk ${what}, and catches up then`, async () => {
      const { disk, log, clock, logger, settle } = await opened();
      await settle();
      breakDisk(disk);
      log.write(event("accept"));
      assert.equal(log.writable, true, "it has not failed yet");
      await settle();
      assert.equal(log.writable, false);
      log.write(event("exec"));
      await clock.advanceAndSettle(5_000);
      assert.equal(log.writable, false, "it was tried again, and failed again");
      assert.ok(log.failureCount > 2);
      mendDisk(disk);
      await clock.advanceAndSettle(1_000);
      assert.equal(log.writable, true);
      await log.close();
      assert.deepEqual(eventsOf(disk), ["opened", "accept", "exec", "closed"]);
      checkChain(disk);
      assert.deepEqual(
        logger.lines.map(({ level, message }) => `${level}: ${message}`),
        [
          "error: audit file fails, no session may begin",
          "warn: audit file is written again",
          "info: audit file closed",
        ],
      );
    });
  }

  it("writes down that an fsync failed, and lets no session begin until one succeeds", async () => {
    const { disk, log, clock, settle } = await opened();
    await settle();
    disk.syncFails = "EIO";
    log.write(event("accept"));
    await clock.advanceAndSettle(1_000);
    assert.equal(log.writable, false);
    log.write(event("exec"));
    await clock.advanceAndSettle(3_000);
    assert.equal(log.writable, false);
    assert.deepEqual(eventsOf(disk), ["opened", "accept", "unsynced", "exec"]);
    disk.syncFails = undefined;
    await clock.advanceAndSettle(1_000);
    assert.equal(log.writable, true);
    assert.equal(disk.syncedBytes, disk.content.length);
    checkChain(disk);
  });

  it("counts a disk that hangs as one that fails, and makes nobody wait", async () => {
    const { disk, log, clock, settle } = await opened();
    await settle();
    disk.hang();
    log.write(event("accept"));
    await clock.advanceAndSettle(5_000);
    assert.equal(log.writable, true);
    await clock.advanceAndSettle(1);
    assert.equal(log.writable, false);
    disk.release();
    await settle();
    assert.equal(log.writable, true);
  });

  it("keeps no more than its bound, and says in the file how many lines it lost", async () => {
    const { disk, log, clock, settle } = await opened({ pendingMaxBytes: 64 * 1024 });
    await settle();
    disk.writeFails = "ENOSPC";
    const all = 1_000;
    for (let index = 0; index < all; index++) log.write(event("exec"));
    await settle();
    const { lostCount } = log;
    assert.ok(lostCount > 0 && lostCount < all);
    disk.writeFails = undefined;
    await clock.advanceAndSettle(2_000);
    // Nothing else has to be written for that: sessions may begin again.
    assert.equal(log.writable, true);
    const events = eventsOf(disk);
    assert.equal(events.filter((name) => name === "exec").length, all - lostCount);
    assert.equal(events.at(-1), "lost");
    const told = JSON.parse(linesOf(disk).at(-1)!) as { lines: number };
    assert.equal(told.lines, lostCount);
    assert.ok(disk.content.length <= 64 * 1024 + 1_024);
    checkChain(disk);
  });

  it("syncs a second behind a write, or behind each one", async () => {
    const { disk, log, clock, settle } = await opened();
    await settle();
    await clock.advanceAndSettle(999);
    assert.equal(disk.syncs, 0);
    await clock.advanceAndSettle(1);
    assert.equal(disk.syncs, 1);
    await clock.advanceAndSettle(10_000);
    assert.equal(disk.syncs, 1, "there was nothing to sync");
    log.write(event("accept"));
    await clock.advanceAndSettle(1_000);
    assert.equal(disk.syncs, 2);
    const each = await opened({ syncMs: 0 });
    await each.settle();
    assert.equal(each.disk.syncedBytes, each.disk.content.length);
  });

  it("ends within a retry when the disk does not take what waits", async () => {
    const { disk, log, clock, logger, settle } = await opened();
    await settle();
    disk.writeFails = "EIO";
    log.write(event("accept"));
    await settle();
    const closed = log.close();
    await clock.advanceAndSettle(1_000);
    await closed;
    assert.equal(disk.closed, true);
    assert.equal(logger.lines.at(-1)?.fields["whole"], false);
    assert.equal(clock.scheduledCount, 0);
  });

  it("refuses options out of their range", () => {
    for (const bad of [
      { pendingMaxBytes: 1 },
      { syncMs: -1 },
      { retryMs: 0 },
      { stallMaxMs: NaN },
    ]) {
      assert.throws(() => completeAuditOptions(bad), { code: "invalid" });
    }
  });
});

function mendFull(disk: FaultyDisk): void {
  disk.capacityBytes = Infinity;
}

function mendWrites(disk: FaultyDisk): void {
  disk.writeFails = undefined;
}

async function opened(
  options: Partial<AuditOptions> = {},
  prepare: (disk: FaultyDisk) => unknown = () => undefined,
  disk: FaultyDisk = new FaultyDisk(),
): Promise<{
  disk: FaultyDisk;
  log: AuditLog;
  clock: ManualClock;
  logger: MemoryLogger;
  settle: () => Promise<void>;
}> {
  prepare(disk);
  const clock = new ManualClock();
  const logger = new MemoryLogger();
  const log = await openAuditLog({ disk, clock, logger }, options);
  return { disk, log, clock, logger, settle: () => clock.advanceAndSettle(0) };
}

function event(name: EventRecord["event"]): EventRecord {
  return { sessionKey: "106abc0c", event: name, at: 5 };
}

function linesOf({ content }: FaultyDisk): string[] {
  return content.toString().split("\n").slice(0, -1);
}

function eventsOf(disk: FaultyDisk): string[] {
  return linesOf(disk).map((line) => (JSON.parse(line) as { event: string }).event);
}

function lineEnds(content: Buffer): number[] {
  return [...content.entries()].filter(([, byte]) => byte === 0x0a).map(([index]) => index + 1);
}

function checkChain(disk: FaultyDisk): ChainVerifier {
  const verifier = new ChainVerifier();
  for (const line of linesOf(disk)) verifier.take(Buffer.from(line));
  assert.equal(verifier.problem, undefined);
  assert.equal(verifier.brokenLineNumber, undefined);
  return verifier;
}

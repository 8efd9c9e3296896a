import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { type ConfigSnapshot, ManualClock, MemoryLogger } from "@holdfast/core";
import fc from "fast-check";
import { FileConfigSource } from "./file-config-source.ts";
import type { FileConfigOptions } from "./options.ts";
import { parseConfigFile, revisionOfText } from "./parse-config-file.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-config-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const ONE = '{"*/*/*": {"retry": {"triesMax": 1}}}';
const TWO = '{"*/*/*": {"retry": {"triesMax": 2}}}';

describe("a watched file", () => {
  it("is read, and read again when it changes, however it is replaced", async (t) => {
    const { path, next, written } = watched(t, ONE);
    assert.deepEqual([...(await next()).entries], [["*/*/*", '{"retry":{"triesMax":1}}']]);
    written(TWO);
    assert.equal((await next()).revision, revisionOfText(TWO));
    writeFileSync(`${path}.new`, ONE);
    renameSync(`${path}.new`, path);
    assert.equal((await next()).revision, revisionOfText(ONE));
  });

  it("is followed through symbolic links that are turned to another file", async (t) => {
    const { path, next } = watched(t, undefined, "link.json");
    writeFileSync(join(folder, "first"), ONE);
    writeFileSync(join(folder, "second"), TWO);
    symlinkSync("first", path);
    assert.equal((await next()).revision, revisionOfText(ONE));
    symlinkSync("second", `${path}.new`);
    renameSync(`${path}.new`, path);
    assert.equal((await next()).revision, revisionOfText(TWO));
  });

  it("keeps its last good version while it is being written, and says why", async (t) => {
    const { next, written, logger } = watched(t, ONE);
    await next();
    for (const length of [0, 1, TWO.length - 1]) {
      written(TWO.slice(0, length));
      const { revision, stale, entries } = await next();
      assert.equal(revision, revisionOfText(ONE));
      assert.equal(entries.size, 1);
      assert.match(stale!, /it is no JSON/);
      written(ONE);
      assert.equal((await next()).stale, undefined);
    }
    written(TWO);
    const { revision, stale } = await next();
    assert.deepEqual([revision, stale], [revisionOfText(TWO), undefined]);
    assert.equal(logger.lines.length, 3);
  });

  it("keeps its last good version when it is gone, and its age grows", async (t) => {
    const { path, next, watch, clock, looks, written } = watched(t, ONE);
    await next();
    rmSync(path);
    assert.match((await next()).stale!, /there is no such file/);
    const confirmedMs = watch.current!.confirmedMs;
    await looks(4);
    assert.equal(watch.current!.confirmedMs, confirmedMs);
    assert.ok(clock.nowMs() - confirmedMs >= 1_000);
    written(ONE);
    const { stale, confirmedMs: again } = await next();
    assert.deepEqual([stale, again], [undefined, clock.nowMs()]);
  });

  it("says once that it cannot be taken, and takes it when it can", async (t) => {
    const { next, looks, logger, watch, written } = watched(t, undefined);
    await looks(4);
    assert.equal(watch.current, undefined);
    assert.equal(logger.lines.length, 1);
    assert.equal(logger.lines[0]!.fields["reason"], "there is no such file");
    written("[]");
    await looks(2);
    assert.match(String(logger.lines[1]!.fields["reason"]), /must be an object/);
    written(ONE);
    assert.equal((await next()).revision, revisionOfText(ONE));
  });

  it("tells nobody while nothing changes, and is confirmed", async (t) => {
    for (const ageMs of [0, 7_200_000]) {
      const { next, looks, told, watch, clock } = watched(t, ONE, "same.json", {}, ageMs);
      await next();
      await looks(4);
      assert.equal(told(), 1);
      assert.equal(watch.current!.confirmedMs, clock.nowMs());
    }
  });

  it("is not read when it is too large", async (t) => {
    const { looks, watch, logger } = watched(t, ONE, "large.json", { fileMaxBytes: 10 });
    await looks(1);
    assert.equal(watch.current, undefined);
    assert.match(String(logger.lines[0]!.fields["reason"]), /more than 10 bytes/);
  });

  it("is let go at the close", async (t) => {
    const { next, watch, clock, written, told } = watched(t, ONE);
    await next();
    watch.close();
    written(TWO);
    await clock.advanceAndSettle(10_000);
    assert.deepEqual([told(), clock.scheduledCount], [1, 0]);
  });

  it("refuses options out of range", () => {
    const parts = { path: "x", clock: new ManualClock() };
    for (const options of [{ lookMs: 0 }, { lookMs: NaN }, { fileMaxBytes: 1 }]) {
      assert.throws(() => new FileConfigSource(parts, options), RangeError);
    }
  });
});

it("any text is entries or a reason", () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__": {}}'));
  fc.assert(
    fc.property(text, (given) => {
      const parsed = parseConfigFile(given);
      if (parsed.kind === "bad") assert.ok(parsed.reason.length > 0 && parsed.reason.length < 300);
      else for (const entry of parsed.entries.values()) JSON.parse(entry);
    }),
  );
});

/** A file under a watch, of which the test waits for what happens and not for time. */
function watched(
  t: TestContext,
  text: string | undefined,
  name: string = `${revisionOfText(t.name)}.json`,
  options: Partial<FileConfigOptions> = {},
  ageMs: number = 0,
) {
  const path = join(folder, name);
  // Files are young in its eyes, and read at each look: two changes may have one time stamp here.
  const clock = new ManualClock(Date.now() + ageMs - 3_600_000);
  const logger = new MemoryLogger();
  const written = (content: string): void => writeFileSync(path, content);
  if (text !== undefined) written(text);
  const snapshots: ConfigSnapshot[] = [];
  let count = 0;
  const source = new FileConfigSource({ path, clock, logger }, { lookMs: 250, ...options });
  const watch = source.watch((snapshot) => {
    count++;
    snapshots.push(snapshot);
  });
  t.after(() => watch.close());
  /** The look at work is over when the next one is scheduled. */
  const look = async (): Promise<void> => {
    while (clock.scheduledCount === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const looks = async (times: number): Promise<void> => {
    for (let left = times; left > 0; left--) {
      await look();
      clock.advance(250);
      await look();
    }
  };
  const next = async (): Promise<ConfigSnapshot> => {
    await look();
    for (let left = 20; left > 0 && snapshots.length === 0; left--) await looks(1);
    return snapshots.shift() ?? assert.fail("nothing came");
  };
  return { path, clock, logger, watch, written, looks, next, told: () => count };
}

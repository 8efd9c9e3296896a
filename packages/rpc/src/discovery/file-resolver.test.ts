import assert from "node:assert/strict";
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock, MemoryLogger, type Resolution } from "@holdfast/core";
import fc from "fast-check";
import type { FileAccess } from "./file-access.ts";
import { completeFileResolverOptions, FileResolver } from "./file-resolver.ts";
import { parseInstanceLists } from "./instance-list.ts";

/** A file that is what the test says, an Error for one that cannot be read. */
class Desk implements FileAccess {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly told: Resolution[] = [];
  content: string | Error = '{"feed": ["a:1"]}';
  reads = 0;
  readonly resolver = new FileResolver({
    path: "/etc/instances.json",
    clock: this.clock,
    files: this,
    logger: this.logger,
  });

  read(): Promise<string> {
    this.reads++;
    const { content } = this;
    return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
  }

  watch(): ReturnType<FileResolver["watch"]> {
    return this.resolver.watch("feed", (resolution) => this.told.push(resolution));
  }

  ids(): string[] {
    return (this.told.at(-1)?.instances ?? []).map(({ id }) => id);
  }
}

describe("a file of instances", () => {
  it("is read at once and whenever it has changed", async () => {
    const desk = new Desk();
    const watch = desk.watch();
    assert.equal(watch.current, undefined);
    await desk.clock.advanceAndSettle(0);
    assert.deepEqual(desk.ids(), ["a:1"]);
    const more = { address: "b:2", weight: 3, zone: "z", tags: ["t"] };
    desk.content = JSON.stringify({ feed: ["a:1", more] });
    await desk.clock.advanceAndSettle(1_000);
    assert.deepEqual(desk.told.at(-1)!.instances[1], {
      id: "b:2",
      address: { kind: "tcp", host: "b", port: 2 },
      weight: 3,
      zone: "z",
      tags: ["t"],
    });
    watch.close();
  });

  it("tells nobody while nothing changes, but knows that it is not old", async () => {
    const desk = new Desk();
    const watch = desk.watch();
    await desk.clock.advanceAndSettle(10_000);
    // Written anew with other blanks is no change either.
    desk.content = '{ "feed": ["a:1"] }';
    await desk.clock.advanceAndSettle(1_000);
    assert.equal(desk.told.length, 1);
    assert.equal(watch.current!.confirmedMs, 11_000);
    watch.close();
  });

  it("that cannot be taken leaves the last list, with the reason, said once", async () => {
    const desk = new Desk();
    const watch = desk.watch();
    await desk.clock.advanceAndSettle(0);
    const gone = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
    for (const [content, reason] of [
      ["", /no JSON/],
      ['{"feed": ["a:1", "b"]}', /feed\[1\]\.address must be host:port/],
      [gone, /^there is no such file$/],
    ] as const) {
      desk.content = content;
      // oxlint-disable-next-line no-await-in-loop
      await desk.clock.advanceAndSettle(5_000);
      assert.match(desk.told.at(-1)!.stale!, reason);
      assert.deepEqual(desk.ids(), ["a:1"]);
    }
    assert.equal(desk.told.at(-1)!.confirmedMs, 0);
    assert.equal(desk.logger.lines.filter(({ level }) => level === "warn").length, 3);
    desk.content = '{"feed": ["a:1"]}';
    await desk.clock.advanceAndSettle(1_000);
    assert.equal(desk.told.at(-1)!.stale, undefined);
    assert.equal(desk.told.at(-1)!.confirmedMs, 16_000);
    watch.close();
  });

  it("is waited for; a service that it does not name has nobody", async () => {
    const desk = new Desk();
    desk.content = new Error("not yet");
    const watch = desk.watch();
    await desk.clock.advanceAndSettle(3_000);
    assert.equal(desk.told.length, 0);
    desk.content = '{"other": ["a:1"]}';
    await desk.clock.advanceAndSettle(1_000);
    assert.deepEqual(desk.told.at(-1)!.instances, []);
    watch.close();
  });

  it("is looked at once for all who watch it, and not at all for nobody", async () => {
    const desk = new Desk();
    const watches = [desk.watch(), desk.watch(), desk.watch()];
    await desk.clock.advanceAndSettle(10_000);
    assert.ok(desk.reads <= 11, `${desk.reads} reads`);
    assert.equal(desk.told.length, 3);
    for (const watch of watches) watch.close();
    const { reads } = desk;
    desk.content = '{"feed": []}';
    await desk.clock.advanceAndSettle(10_000);
    assert.deepEqual([desk.reads, desk.told.length, desk.clock.scheduledCount], [reads, 3, 0]);
    // One who comes later has it read again.
    const late = desk.watch();
    await desk.clock.advanceAndSettle(0);
    assert.deepEqual(desk.told.at(-1)!.instances, []);
    late.close();
  });

  it("may be any text: it is a list or a reason", () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__": ["a:1"]}'));
    fc.assert(
      fc.property(text, (given) => {
        try {
          parseInstanceLists(given);
        } catch (error) {
          assert.ok(error instanceof Error && error.message.length > 0);
        }
      }),
    );
  });

  const WRONG: Readonly<Record<string, RegExp>> = {
    "[]": /the file must be an object/,
    '{"s": {}}': /s must be a list/,
    '{"s": [5]}': /s\[0\] must be an object/,
    '{"s": ["a:1", "a:1"]}': /s has a:1 twice/,
    '{"s": [{"address": "a:1", "wieght": 1}]}': /s\[0\]\.wieght is no field/,
    '{"s": [{"address": "a:1", "weight": -1}]}': /weight must be a number from 0 to 1000/,
    '{"s": [{"address": "a:1", "zone": 1}]}': /zone must be a text/,
    '{"s": [{"address": "a:1", "tags": "x"}]}': /tags must be a list of texts/,
    '{"s": [{"address": "a:1", "id": ""}]}': /id must be a text/,
  };
  for (const [text, reason] of Object.entries(WRONG)) {
    it(`is refused as a whole: ${text}`, () => {
      assert.throws(() => parseInstanceLists(text), reason);
    });
  }

  it("refuses options that mean nothing", () => {
    assert.throws(() => completeFileResolverOptions({ lookMs: 1 }), /lookMs is 1/);
    assert.throws(() => completeFileResolverOptions({ fileMaxBytes: 0 }), /fileMaxBytes is 0/);
  });
});

describe("a file of this machine", () => {
  it("is followed when it is renamed over, and when a link is turned to another one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-instances-"));
    const clock = new ManualClock();
    const path = join(folder, "instances.json");
    await writeFile(join(folder, "one"), '{"feed": ["one:1"]}');
    await symlink("one", path);
    let tell: (ids: string) => void = () => undefined;
    const next = (): Promise<string> =>
      new Promise((resolve) => {
        tell = resolve;
      });
    const resolver = new FileResolver({ path, clock });
    let told = next();
    const watch = resolver.watch("feed", ({ instances, stale }) => {
      tell(stale ?? instances.map(({ id }) => id).join());
    });
    /** Real reads take real turns: the clock moves when the look before has ended. */
    const heard = async (): Promise<string> => {
      let ended = false;
      void told.finally(() => {
        ended = true;
      });
      while (!ended) {
        if (clock.scheduledCount > 0) clock.advance(1_000);
        // oxlint-disable-next-line no-await-in-loop
        await new Promise((resolve) => setImmediate(resolve));
      }
      const ids = await told;
      told = next();
      return ids;
    };
    assert.equal(await heard(), "one:1");
    await writeFile(join(folder, "two"), '{"feed": ["two:2"]}');
    await symlink("two", join(folder, "link"));
    await rename(join(folder, "link"), path);
    assert.equal(await heard(), "two:2");
    await writeFile(join(folder, "new"), '{"feed": ["three:3"]}');
    await rename(join(folder, "new"), path);
    assert.equal(await heard(), "three:3");
    await rm(path);
    assert.equal(await heard(), "there is no such file");
    await writeFile(path, `{"feed": []} ${" ".repeat(5 * 1024 * 1024)}`);
    assert.match(await heard(), /it has 5242\d+ bytes; at most 4194304 are read/);
    watch.close();
    await rm(folder, { recursive: true });
  });
});

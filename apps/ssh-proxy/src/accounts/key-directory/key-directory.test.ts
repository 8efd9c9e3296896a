import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { KeyFolder } from "../testing/key-folder.ts";
import { keyOf, lineOf } from "../testing/key-of.ts";
import { openKeyDirectory } from "./key-directory.ts";
import { completeKeyDirectoryOptions } from "./options.ts";

describe("a directory of key files", () => {
  it("is read at the start, and followed however its files are replaced", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    await folder.open();
    assert.deepEqual(await accounts(folder, "a", "b"), ["aviato", undefined]);
    folder.write("hooli", lineOf("b"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "a", "b"), ["aviato", "hooli"]);
    folder.write("new", lineOf("c"));
    renameSync(join(folder.path, "new"), join(folder.path, "aviato"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "a", "b", "c"), [undefined, "hooli", "aviato"]);
    unlinkSync(join(folder.path, "hooli"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "b", "c"), [undefined, "aviato"]);
  });

  it("is followed through the links by which containers are given their files", async () => {
    await using folder = new KeyFolder();
    for (const [name, key] of Object.entries({ "..one": "a", "..two": "b" })) {
      mkdirSync(join(folder.path, name));
      folder.write(`${name}/aviato`, lineOf(key));
    }
    symlinkSync("..one", join(folder.path, "..data"));
    symlinkSync("..data/aviato", join(folder.path, "aviato"));
    const directory = await folder.open();
    assert.deepEqual(await accounts(folder, "a", "b"), ["aviato", undefined]);
    symlinkSync("..two", join(folder.path, "..next"));
    renameSync(join(folder.path, "..next"), join(folder.path, "..data"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "a", "b"), [undefined, "aviato"]);
    assert.deepEqual(directory.problems, []);
  });

  it("keeps the last good version of a file that goes bad, and says so once", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    folder.write("hooli", lineOf("b"));
    const directory = await folder.open();
    folder.logged();
    folder.write("aviato", lineOf("c"), `from="10.0.0.1" ${lineOf("d")}`);
    folder.write("hooli", lineOf("e"));
    await folder.looked();
    await folder.looked();
    assert.deepEqual(await accounts(folder, "a", "e"), ["aviato", "hooli"]);
    assert.deepEqual(await accounts(folder, "b", "c", "d"), [undefined, undefined, undefined]);
    const place = `${join(folder.path, "aviato")}:2: the option "from" is not known`;
    assert.ok(directory.problems[0]!.startsWith(place), directory.problems[0]!);
    const warning = folder.logger.lines.find(({ level }) => level === "warn");
    assert.deepEqual(warning?.fields, { account: "aviato", problems: directory.problems });
    assert.deepEqual(folder.logged(), [
      "warn: an account's file cannot be taken; what was taken last holds",
      "info: accounts taken",
    ]);
    folder.write("aviato", lineOf("c"));
    await folder.looked();
    assert.deepEqual(directory.problems, []);
    assert.deepEqual(await accounts(folder, "a", "c"), [undefined, "aviato"]);
  });

  it("takes nothing of a file that is bad at the start; nobody is denied by its name", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"), "what is this");
    folder.write("hooli", lineOf("b"));
    await folder.open();
    assert.deepEqual(await accounts(folder, "a", "b"), [undefined, "hooli"]);
    await assert.rejects(folder.find("a", "aviato"), { code: "unavailable" });
    assert.equal(await folder.accountOf("a", "hooli"), undefined);
    folder.write("aviato", lineOf("a"));
    await folder.looked();
    assert.equal(await folder.accountOf("a", "aviato"), "aviato");
  });

  it("reports what is no account's file, and leaves it out", async () => {
    await using folder = new KeyFolder();
    const names = ["README.md", "Aviato", "_x", "a b", "x".repeat(65), "aviato.bak", "a~"];
    for (const name of names) folder.write(name, lineOf(name));
    mkdirSync(join(folder.path, "folder"));
    folder.write(".hidden", lineOf("hidden"));
    folder.write("0.a-b_c", lineOf("good"));
    const directory = await folder.open();
    for (const name of [...names, "hidden"]) {
      assert.equal(await folder.accountOf(name), undefined, name);
    }
    assert.equal(await folder.accountOf("good"), "0.a-b_c");
    assert.equal(directory.problems.length, names.length + 1);
    assert.match(directory.problems.join("\n"), /aviato\.bak: left out: it looks like a copy/u);
    const warnings = folder.logged().filter((line) => line.startsWith("warn"));
    assert.equal(warnings.length, names.length + 1);
    await folder.looked();
    assert.deepEqual(folder.logged(), []);
  });

  it("lets a key of two accounts open neither, and names both", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("own"), lineOf("shared"));
    folder.write("hooli", lineOf("shared"), lineOf("b"));
    const directory = await folder.open();
    assert.deepEqual(await accounts(folder, "own", "shared", "b"), ["aviato", undefined, "hooli"]);
    const { fingerprint } = keyOf("shared");
    const problem = `${fingerprint} stands in aviato:2 and hooli:1; it opens neither`;
    assert.deepEqual(directory.problems, [problem]);
    const error = folder.logger.lines.find(({ level }) => level === "error");
    assert.deepEqual(error?.fields, { reason: problem });
    folder.logged();
    folder.write("hooli", lineOf("b"));
    await folder.looked();
    assert.equal(await folder.accountOf("shared"), "aviato");
    assert.deepEqual(directory.problems, []);
  });

  it("lets nobody take a key that was another account's", async () => {
    await using folder = new KeyFolder();
    folder.write("hooli", lineOf("a"));
    const directory = await folder.open();
    folder.write("aviato", lineOf("a"), lineOf("b"));
    folder.write("zz", lineOf("a"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "a", "b"), ["hooli", "aviato"]);
    assert.match(
      directory.problems[0]!,
      /aviato:1 and hooli:1 and zz:1; it still opens hooli only/u,
    );
    unlinkSync(join(folder.path, "hooli"));
    await folder.looked();
    // Two are left, and it was neither's.
    assert.equal(await folder.accountOf("a"), undefined);
    unlinkSync(join(folder.path, "zz"));
    await folder.looked();
    assert.equal(await folder.accountOf("a"), "aviato");
  });

  it("keeps everything while the directory is gone, and its age grows", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    const directory = await folder.open();
    folder.logged();
    const away = `${folder.path}-away`;
    renameSync(folder.path, away);
    try {
      await folder.looked();
      await folder.looked();
      assert.equal(await folder.accountOf("a"), "aviato");
      assert.deepEqual(folder.logged(), [
        "error: accounts cannot be read; what was read last holds",
      ]);
      assert.match(directory.problems[0]!, /there is no such file/u);
      assert.ok(Number(directory.snapshot()["ageMs"]) >= 3_000);
    } finally {
      renameSync(away, folder.path);
    }
    await folder.looked();
    assert.deepEqual([directory.problems, directory.snapshot()["ageMs"]], [[], 0]);
    assert.deepEqual(folder.logged(), ["info: accounts are read again"]);
  });

  it("keeps a file that cannot be read any more, such as a link to nothing", async () => {
    await using folder = new KeyFolder();
    folder.write(".target", lineOf("a"));
    symlinkSync(".target", join(folder.path, "aviato"));
    const directory = await folder.open();
    unlinkSync(join(folder.path, ".target"));
    await folder.looked();
    await folder.looked();
    assert.match(directory.problems[0]!, /aviato: there is no such file/u);
    const warnings = folder.logged().filter((line) => line.startsWith("warn"));
    assert.equal(warnings.length, 1);
    assert.equal(await folder.accountOf("a"), "aviato");
    folder.write(".target", lineOf("a"));
    await folder.looked();
    assert.deepEqual(directory.problems, []);
    assert.equal(await folder.accountOf("a"), "aviato");
  });

  it("does not start without the directory, or with what is none", async () => {
    await using folder = new KeyFolder();
    folder.write("file", "");
    for (const [path, message] of [
      [join(folder.path, "none"), /^no accounts: .*: there is no such file$/u],
      [join(folder.path, "file"), /^no accounts: .*: it is no folder$/u],
    ] as const) {
      await assert.rejects(folder.open({ path }), { code: "invalid", message });
    }
    assert.equal(folder.clock.scheduledCount, 0);
  });

  it("is not read further after its stop, and what is known stays", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    const directory = await folder.open();
    assert.equal(folder.registry.snapshots("accounts").length, 1);
    directory.stop();
    folder.write("aviato", lineOf("b"));
    await folder.clock.advanceAndSettle(10_000);
    assert.deepEqual(await accounts(folder, "a", "b"), ["aviato", undefined]);
    assert.equal(folder.clock.scheduledCount, 0);
    assert.deepEqual(folder.registry.snapshots("accounts"), []);
  });

  it("has users of its own that all share, or none", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    await folder.open({ sharedUsers: ["vcs"] });
    const found = ["vcs", "git", "aviato"].map((user) => folder.accountOf("a", user));
    assert.deepEqual(await Promise.all(found), ["aviato", undefined, "aviato"]);
  });

  it("shows its files, keys, problems, age and options", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"), lineOf("b"));
    folder.write("hooli", "?");
    await folder.open({ lookMs: 500 });
    folder.clock.advance(400);
    const [shown] = folder.registry.snapshots("accounts");
    assert.ok(shown !== undefined && "state" in shown);
    assert.deepEqual(shown.state, {
      ...{ path: folder.path, files: 2, keys: 2, problemCount: 1, ageMs: 400 },
      problems: [`${join(folder.path, "hooli")}:1: neither a key nor an option: "?"`],
      options: completeKeyDirectoryOptions({ lookMs: 500 }),
    });
  });
});

describe("the limits of a directory of key files", () => {
  it("refuse a file that is too large, no text, or brings too many keys", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"), lineOf("b"));
    folder.write("hooli", lineOf("c"), lineOf("d"));
    folder.write("large", lineOf("e"), "#".repeat(2_000));
    writeFileSync(join(folder.path, "noise"), Buffer.of(0x23, 0xff, 0xfe));
    const directory = await folder.open({ keysMax: 3, fileMaxBytes: 1_024 });
    assert.deepEqual(await accounts(folder, "a", "c", "e"), ["aviato", undefined, undefined]);
    assert.deepEqual(
      directory.problems.map((problem) => problem.slice(folder.path.length + 1)),
      [
        "hooli: 4 keys with those of the other files; at most 3",
        "large: it has more than 1024 bytes",
        "noise: it is no text in UTF-8",
      ],
    );
    folder.write("aviato", lineOf("a"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "b", "c"), [undefined, "hooli"]);
    rmSync(join(folder.path, "aviato"));
    folder.write("other", lineOf("f"), lineOf("g"));
    await folder.looked();
    await folder.looked();
    assert.deepEqual(await accounts(folder, "f"), [undefined]);
  });

  it("refuse a directory of too many files as a whole", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    folder.write("hooli", lineOf("b"));
    await assert.rejects(folder.open({ filesMax: 1 }), /it has 2 files; at most 1/u);
    await folder.open({ filesMax: 2 });
    folder.write("third", lineOf("c"));
    await folder.looked();
    assert.deepEqual(await accounts(folder, "a", "c"), ["aviato", undefined]);
  });

  it("are checked", () => {
    for (const options of [
      ...[{ lookMs: 9 }, { filesMax: 0 }, { fileMaxBytes: 1 }, { keysMax: NaN }],
      { sharedUsers: [""] },
    ]) {
      assert.throws(() => completeKeyDirectoryOptions(options), RangeError);
    }
  });

  it("let the looks take a tenth of the time at most", async () => {
    await using folder = new KeyFolder();
    folder.write("aviato", lineOf("a"));
    const { clock, path } = folder;
    // Each look at the clock takes 500 ms: a look at the directory, a while.
    const slow = Object.create(clock, {
      nowMs: {
        value: () => {
          clock.advance(500);
          return clock.nowMs();
        },
      },
    }) as typeof clock;
    const due: number[] = [];
    slow.schedule = (entry, dueMs) => {
      due.push(dueMs - clock.nowMs());
      clock.schedule(entry, dueMs);
    };
    const directory = openKeyDirectory({ path, clock: slow });
    await directory.start();
    directory.stop();
    assert.ok(due[0]! >= 9 * 500, String(due));
  });
});

function accounts(folder: KeyFolder, ...keys: string[]): Promise<(string | undefined)[]> {
  return Promise.all(keys.map((key) => folder.accountOf(key)));
}

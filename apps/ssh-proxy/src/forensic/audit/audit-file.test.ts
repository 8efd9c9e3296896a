import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ManualClock, silentLogger } from "holdfast";
import { auditDiskContract } from "./audit-disk.contract.ts";
import { openAuditFile } from "./audit-file.ts";
import { openAuditLog } from "./audit-log.ts";
import { FaultyDisk } from "./testing/faulty-disk.ts";

const folder = mkdtempSync(join(tmpdir(), "audit-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function newPath(): string {
  return join(mkdtempSync(join(folder, "place-")), "audit.log");
}

describe("the audit file", () => {
  auditDiskContract(async () => {
    const path = newPath();
    return () => openAuditFile(path);
  });

  it("is for nobody else to read", async () => {
    const path = newPath();
    const disk = await openAuditFile(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await disk.close();
  });

  it("has one writer: the next one gets a file of its own", async () => {
    const path = newPath();
    const [first, second] = [await openAuditFile(path), await openAuditFile(path)];
    assert.deepEqual([first.name, second.name], [path, `${path}.2`]);
    await first.close();
    const third = await openAuditFile(path);
    assert.equal(third.name, path);
    await Promise.all([second.close(), third.close()]);
  });

  it("says which file it cannot open", async () => {
    await assert.rejects(openAuditFile(join(folder, "none", "audit.log")), {
      code: "invalid",
      message: /^cannot open the audit file .*none\/audit\.log/,
    });
    const path = newPath();
    await assert.rejects(openAuditFile(join(path, "..")), { code: "invalid" });
    chmodSync(join(path, ".."), 0o700);
  });

  it("carries a chain over restarts", async () => {
    const path = newPath();
    for (let start = 0; start < 3; start++) {
      const disk = await openAuditFile(path);
      const log = await openAuditLog({ disk, clock: new ManualClock(), logger: silentLogger });
      log.write({ sessionKey: "106abc0c", event: "accept", at: start });
      await log.close();
    }
    const seqs = readFileSync(path, "utf8").match(/"seq":\d+/g);
    assert.deepEqual(
      seqs,
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => `"seq":${seq}`),
    );
  });

  it("is not begun in a file that is something else", async () => {
    const path = newPath();
    writeFileSync(path, "root:x:0:0\n");
    const disk = await openAuditFile(path);
    const parts = { disk, clock: new ManualClock(), logger: silentLogger };
    await assert.rejects(openAuditLog(parts), {
      code: "invalid",
      message: /audit\.log does not end as an audit file: holdfast logs --verify/,
    });
    await disk.close();
    assert.equal(readFileSync(path, "utf8"), "root:x:0:0\n");
  });
});

describe("its twin in memory", () => {
  auditDiskContract(async () => {
    let content: Uint8Array = Buffer.alloc(0);
    return async () => {
      const disk = new FaultyDisk(content);
      const { close } = disk;
      disk.close = async () => {
        ({ content } = disk);
        await close.call(disk);
      };
      return disk;
    };
  });
});

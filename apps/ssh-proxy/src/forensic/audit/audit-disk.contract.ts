/** What every audit disk must do; the file and its twin in memory alike. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { AuditDisk } from "./audit-disk.ts";

/** `open` gives the same file each time, once the one before it was closed. */
export function auditDiskContract(create: () => Promise<() => Promise<AuditDisk>>): void {
  it("appends behind what is there, also after it was opened again", async () => {
    const open = await create();
    const first = await open();
    assert.equal((await first.readTail(100)).length, 0);
    assert.equal(await first.append(Buffer.from("one\n")), 4);
    await first.sync();
    await first.close();
    const second = await open();
    await second.append(Buffer.from("two\n"));
    assert.equal(String(await second.readTail(100)), "one\ntwo\n");
    await second.close();
  });

  it("reads only the end of a long file", async () => {
    const disk = await (await create())();
    await disk.append(Buffer.from("0123456789"));
    assert.equal(String(await disk.readTail(3)), "789");
    assert.equal(String(await disk.readTail(10)), "0123456789");
    assert.equal(String(await disk.readTail(0)), "");
    await disk.close();
  });
}

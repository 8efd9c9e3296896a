import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseUpgradeStatus, processStart, type UpgradeStatus } from "./upgrade-status.ts";

const STATUS: UpgradeStatus = {
  version: 1,
  supervisorPid: 7,
  supervisorStart: "99",
  state: "serving",
  readyTimeoutMs: 30_000,
  current: { number: 2, pid: 9, info: { ops: "http://127.0.0.1:1" } },
  draining: [{ number: 1, pid: 8, info: {} }],
  upgrade: { number: 1, kind: "done", pid: 9, readyAfterMs: 5, oldPid: 8 },
};

describe("the status of a supervisor", () => {
  it("is read as it was written", () => {
    assert.deepEqual(parseUpgradeStatus(JSON.stringify(STATUS)), STATUS);
  });

  it("is read whole or not at all, whatever is missing or wrong", () => {
    const fields = fc.constantFrom(...(Object.keys(STATUS) as (keyof UpgradeStatus)[]));
    fc.assert(
      fc.property(fields, fc.jsonValue(), (field, value) => {
        const read = parseUpgradeStatus(JSON.stringify({ ...STATUS, [field]: value }));
        if (read === undefined) return;
        assert.equal(read.version, 1);
        for (const { pid, info } of [...read.draining, read.current ?? STATUS.current!]) {
          assert.ok(Number.isInteger(pid));
          assert.doesNotThrow(() => Object.entries(info));
        }
        assert.ok(Number.isInteger(read.upgrade.number));
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => parseUpgradeStatus(text) === undefined));
    assert.equal(parseUpgradeStatus(JSON.stringify({ ...STATUS, version: 2 })), undefined);
  });
});

describe("the start of a process", { skip: process.platform !== "linux" }, () => {
  it("is the same whenever it is asked for, and undefined for nobody", () => {
    const start = processStart(process.pid);
    assert.match(start ?? "", /^\d+$/);
    assert.equal(processStart(process.pid), start);
    assert.notEqual(processStart(1), start);
    assert.equal(processStart(999_999_999), undefined);
  });
});

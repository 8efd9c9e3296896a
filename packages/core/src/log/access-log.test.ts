import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../time/manual-clock.ts";
import { AccessLog } from "./access-log.ts";
import type { AccessLogOptions } from "./access-log.ts";
import { CallRecords, OUTCOME_EXCEPTION, OUTCOME_OK, outcomeOf } from "./call-records.ts";
import { MemoryLogger } from "./memory-logger.ts";

const INTERNAL = outcomeOf("internal");
const OVERLOADED = outcomeOf("overloaded");

class Fixture {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly records = new CallRecords({ clock: this.clock, capacity: 64 });
  readonly accessLog: AccessLog;

  constructor(options: Partial<AccessLogOptions> = {}) {
    const { clock, logger, records } = this;
    this.accessLog = new AccessLog({ clock, logger, records, ...options });
  }

  call(outcome: number, durationMs = 1, requestId = "r"): void {
    const ticket = this.records.begin(0, requestId, "feed", "peer", this.clock.nowMs());
    this.accessLog.ended(this.records.end(ticket, outcome, durationMs), outcome, durationMs);
  }

  messages(): string[] {
    return this.logger.lines.map(({ level, message }) => `${level} ${message}`);
  }

  reasons(): unknown[] {
    return this.logger.lines.map(({ fields }) => fields["why"]);
  }
}

describe("AccessLog", () => {
  it("writes what failed and what was slow, and one in so many of the rest", () => {
    const fixture = new Fixture({ slowMs: 500, sampleEvery: 3 });
    fixture.call(OVERLOADED);
    fixture.call(INTERNAL);
    fixture.call(OUTCOME_OK, 500);
    for (let call = 0; call < 6; call++) fixture.call(OUTCOME_OK, 499);
    assert.deepEqual(fixture.messages(), [
      "warn call failed",
      "error call failed",
      "info call",
      "info call",
      "info call",
    ]);
    assert.deepEqual(fixture.reasons(), ["failed", "failed", "slow", "sample", "sample"]);
  });

  it("treats an exception that the IDL declares as an answer", () => {
    const fixture = new Fixture();
    fixture.call(OUTCOME_EXCEPTION);
    assert.deepEqual(fixture.messages(), []);
  });

  it("writes every call in mode all, beyond the bound on lines too", () => {
    const fixture = new Fixture({ mode: "all", linesPerSecondMax: 1 });
    for (let call = 0; call < 50; call++) fixture.call(OUTCOME_OK);
    assert.equal(fixture.logger.lines.length, 50);
    assert.equal(fixture.reasons()[0], "all");
  });

  it("writes nothing in mode off", () => {
    const fixture = new Fixture({ mode: "off", sampleEvery: 1 });
    fixture.call(INTERNAL, 10_000);
    fixture.call(OUTCOME_OK);
    assert.deepEqual(fixture.messages(), []);
  });

  it("changes its mode while it runs", () => {
    const fixture = new Fixture({ mode: "off" });
    fixture.accessLog.setLive({ mode: "all" });
    fixture.call(OUTCOME_OK);
    fixture.accessLog.setLive({ mode: "off" });
    fixture.call(OUTCOME_OK);
    assert.equal(fixture.logger.lines.length, 1);
    assert.equal(fixture.accessLog.options.mode, "off");
  });

  it("drops lines beyond so many in a second, and says how many", () => {
    const fixture = new Fixture({ linesPerSecondMax: 3 });
    for (let call = 0; call < 10; call++) fixture.call(OVERLOADED);
    assert.equal(fixture.logger.lines.length, 3);
    fixture.clock.advance(1_000);
    fixture.call(OVERLOADED);
    const [dropped, line] = fixture.logger.lines.slice(3);
    assert.deepEqual(dropped, {
      level: "warn",
      message: "call lines dropped",
      fields: { count: 7 },
    });
    assert.equal(line?.message, "call failed");
  });

  it("escapes what comes from outside", () => {
    const fixture = new Fixture();
    fixture.call(OVERLOADED, 1, "id\n\u001b[2J");
    assert.equal(fixture.logger.lines[0]?.fields["requestId"], "id\\u000a\\u001b[2J");
  });

  it("says in a line what the record says", () => {
    const fixture = new Fixture();
    const startEpochMs = fixture.clock.epochMs();
    fixture.call(OVERLOADED, 1.23456789);
    assert.deepEqual(fixture.logger.lines[0]?.fields, {
      requestId: "r",
      method: "other",
      caller: "feed",
      peer: "peer",
      startEpochMs,
      durationMs: 1.235,
      outcome: "overloaded",
      why: "failed",
    });
  });

  it("dumps the last records, oldest first, in every mode", () => {
    const fixture = new Fixture({ mode: "off" });
    for (const id of ["a", "b", "c"]) fixture.call(OUTCOME_OK, 1, id);
    fixture.records.begin(0, "d", "", "", 0);
    assert.equal(fixture.accessLog.dump("breaker opened", 3), 3);
    assert.deepEqual(fixture.logger.lines[0]?.fields, { why: "breaker opened", count: 3 });
    const lines = fixture.logger.lines.slice(1).map(({ fields }) => fields);
    assert.deepEqual(
      lines.map(({ requestId, outcome }) => `${String(requestId)} ${String(outcome)}`),
      ["b ok", "c ok", "d running"],
    );
  });

  it("does not dump again and again", () => {
    const fixture = new Fixture();
    fixture.call(OUTCOME_OK);
    assert.equal(fixture.accessLog.dump("first"), 1);
    assert.equal(fixture.accessLog.dump("second"), 0);
    fixture.clock.advance(10_000);
    assert.equal(fixture.accessLog.dump("third"), 1);
  });

  it("refuses options out of range, and keeps the ones it has", () => {
    const fixture = new Fixture({ slowMs: 7 });
    const wrong: Partial<AccessLogOptions>[] = [
      { slowMs: -1 },
      { slowMs: Number.NaN },
      { sampleEvery: 0 },
      { linesPerSecondMax: 0 },
      { mode: "some" as "all" },
    ];
    for (const change of wrong) {
      assert.throws(() => fixture.accessLog.setLive(change), RangeError);
      assert.throws(() => new Fixture(change), RangeError);
    }
    assert.equal(fixture.accessLog.options.slowMs, 7);
  });
});

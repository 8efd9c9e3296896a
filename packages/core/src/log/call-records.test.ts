import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RequestIds } from "../context/request-ids.ts";
import { ERROR_CODES } from "../error/service-error.ts";
import { SeededRandom } from "../random/random.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { CallRecords, OUTCOME_EXCEPTION, OUTCOME_OK, outcomeOf, OUTCOMES } from "./call-records.ts";
import type { CallRecordsOptions } from "./call-records.ts";

function newRecords(options: Partial<CallRecordsOptions> = {}): {
  clock: ManualClock;
  records: CallRecords;
} {
  const clock = new ManualClock();
  return { clock, records: new CallRecords({ clock, capacity: 64, ...options }) };
}

describe("CallRecords", () => {
  it("shows a call while it runs and after it ended", () => {
    const { clock, records } = newRecords();
    const startEpochMs = clock.epochMs();
    const method = records.methodId("Store.get");
    const ticket = records.begin(method, "r-1", "feed", "10.0.0.7:5", clock.nowMs());
    clock.advance(7);
    const call = {
      requestId: "r-1",
      method: "Store.get",
      caller: "feed",
      peer: "10.0.0.7:5",
      startEpochMs,
    };
    assert.deepEqual(records.recent(9), [{ ...call, durationMs: undefined, outcome: undefined }]);
    records.end(ticket, outcomeOf("overloaded"), 7);
    assert.deepEqual(records.recent(9), [{ ...call, durationMs: 7, outcome: "overloaded" }]);
  });

  it("makes a request id readable only when it is read", () => {
    const requestIds = new RequestIds(new SeededRandom(1));
    const { records } = newRecords({ requestIds });
    const number = requestIds.next();
    records.begin(records.methodId("m"), number, "", "", 0);
    assert.equal(records.recent(1)[0]!.requestId, requestIds.format(number));
  });

  it("gives the newest first, as many as asked for", () => {
    const { records } = newRecords();
    for (let call = 0; call < 100; call++) {
      records.end(records.begin(0, `r${call}`, "", "", 0), OUTCOME_OK, 1);
    }
    const ids = records.recent(3).map(({ requestId }) => requestId);
    assert.deepEqual(ids, ["r99", "r98", "r97"]);
    assert.equal(records.recent(1_000).length, 64);
    assert.deepEqual(records.recent(0), []);
  });

  it("finds calls by method and by outcome", () => {
    const { records } = newRecords();
    const [get, set] = [records.methodId("get"), records.methodId("set")];
    records.end(records.begin(get, "a", "", "", 0), OUTCOME_OK, 1);
    records.end(records.begin(set, "b", "", "", 0), OUTCOME_EXCEPTION, 1);
    records.end(records.begin(get, "c", "", "", 0), outcomeOf("internal"), 1);
    records.begin(set, "d", "", "", 0);
    const find = (filter: Parameters<CallRecords["recent"]>[1]): string =>
      records
        .recent(10, filter)
        .map(({ requestId }) => requestId)
        .join("");
    assert.equal(find({ method: "get" }), "ca");
    assert.equal(find({ outcome: "exception" }), "b");
    assert.equal(find({ outcome: "running" }), "d");
    assert.equal(find({ method: "get", outcome: "internal" }), "c");
    assert.equal(find({ method: "none" }), "");
  });

  it("loses no running call and no end, whatever passes by", () => {
    const step = fc.oneof(
      { weight: 1, arbitrary: fc.constant({ kind: "begin" as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), pick: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("pass" as const), count: fc.nat({ max: 200 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { records } = newRecords();
        const running: { id: string; ticket: number }[] = [];
        let count = 0;
        for (const one of steps) {
          if (one.kind === "begin" && running.length < 12) {
            const id = `slow-${count++}`;
            running.push({ id, ticket: records.begin(0, id, "", "", 0) });
          } else if (one.kind === "pass") {
            for (let call = 0; call < one.count; call++) {
              records.end(records.begin(0, "fast", "", "", 0), OUTCOME_OK, 1);
            }
          } else if (one.kind === "end" && running.length > 0) {
            const [{ id, ticket }] = running.splice(one.pick % running.length, 1) as [
              { id: string; ticket: number },
            ];
            const ended = records.end(ticket, outcomeOf("internal"), 99);
            // What has just ended is there for a while yet.
            for (let call = 0; call < 16; call++) records.begin(0, "fast", "", "", 0);
            assert.equal(records.read(ended)?.requestId, id);
            assert.equal(records.read(ended)?.outcome, "internal");
            while (records.recent(64, { outcome: "running" }).length > running.length) {
              records.end(ticketOfRunning(records), OUTCOME_OK, 1);
            }
          }
          for (const { id, ticket } of running) {
            assert.equal(records.read(ticket)?.requestId, id);
            assert.equal(records.read(ticket)?.outcome, undefined);
          }
        }
      }),
    );

    function ticketOfRunning(records: CallRecords): number {
      for (let ticket = 0; ; ticket++) {
        const record = records.read(ticket);
        if (record?.requestId === "fast" && record.outcome === undefined) return ticket;
      }
    }
  });

  it("keeps the end of a call that lost its slot because too many were running", () => {
    const { clock, records } = newRecords({ capacity: 2 });
    const tickets = [1, 2, 3].map((id) => records.begin(1, id, "", "", 0));
    clock.advance(50);
    const ended = records.end(tickets[0]!, outcomeOf("deadline-exceeded"), 50);
    assert.deepEqual(records.read(ended), {
      requestId: "",
      method: "other",
      caller: "",
      peer: "",
      startEpochMs: clock.epochMs() - 50,
      durationMs: 50,
      outcome: "deadline-exceeded",
    });
  });

  it("tells a bounded number of methods apart", () => {
    const { records } = newRecords({ methodsMax: 2 });
    const [first, second] = [records.methodId("a"), records.methodId("b")];
    assert.deepEqual([first, second, records.methodId("a")], [1, 2, 1]);
    assert.equal(records.methodId("c"), 0);
    records.begin(0, "r", "", "", 0);
    assert.equal(records.recent(1)[0]!.method, "other");
  });

  it("cuts texts from the wire, which would stay for as long as their slot", () => {
    const { records } = newRecords();
    const long = "x".repeat(10_000);
    records.begin(records.methodId(long), long, long, long, 0);
    const { requestId, caller, peer, method } = records.recent(1)[0]!;
    for (const text of [requestId, caller, peer, method]) assert.equal(text.length, 128);
  });

  it("refuses a capacity that is no power of two, or too large", () => {
    for (const capacity of [0, 1, 3, 8_191, 2 ** 21, Number.NaN, -2]) {
      assert.throws(() => newRecords({ capacity }), /capacity is/);
    }
  });
});

describe("outcomes", () => {
  it("are ok, exception and every error code, each under its index", () => {
    assert.deepEqual(OUTCOMES, ["ok", "exception", ...ERROR_CODES]);
    assert.equal(OUTCOMES[OUTCOME_OK], "ok");
    assert.equal(OUTCOMES[OUTCOME_EXCEPTION], "exception");
    for (const code of ERROR_CODES) assert.equal(OUTCOMES[outcomeOf(code)], code);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { EVENT_FIELDS, recordOf } from "./event-record.ts";
import { END_REASONS, type ForensicEvent } from "./forensic-event.ts";

describe("a record of an event", () => {
  it("has the key, the event, the time, and the event's fields in their order", () => {
    const record = recordOf("106abc0c", 1_000.6, {
      reused: false,
      durationMs: 4.123456,
      event: "dial",
      channel: 2,
      backend: "east",
      addr: "10.0.0.7:22",
    });
    assert.equal(
      JSON.stringify(record),
      '{"sessionKey":"106abc0c","event":"dial","at":1001,"channel":2,"backend":"east",' +
        '"addr":"10.0.0.7:22","reused":false,"durationMs":4.123}',
    );
  });

  it("takes nothing with it that is no field of the event", () => {
    const event = { event: "exec", channel: 0, command: "x", data: "payload" } as ForensicEvent;
    assert.ok(!("data" in recordOf("106abc0c", 0, event)));
  });

  it("is bounded and plain, whatever stands in the event", () => {
    const anything = fc.anything({ withBigInt: false, withNullPrototype: false });
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.dictionary(FIELD, anything), (event, fields) => {
        const record = recordOf("106abc0c", 0, { ...fields, event } as ForensicEvent);
        for (const [name, value] of Object.entries(record)) {
          assert.ok(["string", "number", "boolean"].includes(typeof value), name);
          if (typeof value === "string") checkText(value);
        }
        assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
      }),
    );
  });

  it("cuts long texts and shows that it did", () => {
    const textOf = (command: string): unknown =>
      recordOf("106abc0c", 0, { event: "exec", channel: 0, command })["command"];
    assert.equal(textOf("x".repeat(255)), "x".repeat(255));
    assert.equal(textOf("x".repeat(256)), `${"x".repeat(254)}…`);
    assert.equal(textOf("a\u001b[2J\n\u202eb"), "a\\u001b[2J\\u000a\\u202eb");
    assert.equal(textOf("\ud800"), "\ufffd");
  });

  it("has a list of end reasons without doubles", () => {
    assert.equal(new Set(END_REASONS).size, END_REASONS.length);
  });
});

const NAMES = Object.keys(EVENT_FIELDS) as ForensicEvent["event"][];
const FIELD = fc.constantFrom(...Object.values(EVENT_FIELDS).flatMap(Object.keys));
/** 255 characters, each of which may become `\uXXXX`. */
const LENGTH_MAX = 255 * 6;

function checkText(text: string): void {
  assert.ok(text.length <= LENGTH_MAX);
  assert.doesNotMatch(text, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
  assert.ok(text.isWellFormed());
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, MemoryLogger, type Random, SeededRandom, StatsRegistry } from "holdfast";
import { ProxyStats } from "../stats/proxy-stats.ts";
import type { EventRecord } from "./event-record.ts";
import { EventRing } from "./event-ring.ts";
import type { ForensicEvent } from "./forensic-event.ts";
import { createForensics } from "./forensics.ts";

const ACCEPT: ForensicEvent = { event: "accept", addr: "10.0.0.7:5" };
const IDENT: ForensicEvent = { event: "ident", ident: "SSH-2.0-OpenSSH_9.2p1" };
const END: ForensicEvent = {
  event: "end",
  reason: "client-closed",
  sessions: 0,
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 5,
};

describe("the forensic log", () => {
  it("writes a connection on which nobody logs in at debug, once, and counts it", () => {
    const world = create();
    const log = world.forensics.open();
    for (const event of [ACCEPT, IDENT, auth("refused"), auth("offered")]) log.record(event);
    assert.deepEqual(world.lines(), [], "it may become more than noise yet");
    log.record(END);
    assert.deepEqual(world.lines(), [
      "debug ssh accept 0",
      "debug ssh ident 0",
      "debug ssh auth 0",
      "debug ssh auth 0",
      "debug ssh end 0",
    ]);
    assert.equal(world.ring.last(10).length, 5);
    assert.deepEqual(world.audited, []);
    assert.match(world.metrics(), /connection_ends client-closed,no 1/);
  });

  for (const result of ["accepted", "partial"] as const) {
    it(`writes all at info from a proof on (${result}), the start included, with its time`, () => {
      const world = create();
      const log = world.forensics.open();
      log.record(ACCEPT);
      world.clock.advance(10);
      log.record(IDENT);
      world.clock.advance(10);
      log.record(auth(result));
      world.clock.advance(10);
      log.record(END);
      const expected = ["accept 0", "ident 10", "auth 20", "end 30"];
      assert.deepEqual(
        world.lines(),
        expected.map((line) => `info ssh ${line}`),
      );
      assert.deepEqual(
        world.audited.map(({ event }) => event),
        ["accept", "ident", "auth", "end"],
      );
    });
  }

  it("puts the SessionKey and the event on every line", () => {
    const world = create();
    const [one, other] = [world.forensics.open(), world.forensics.open()];
    for (const log of [one, other]) for (const event of [ACCEPT, END]) log.record(event);
    assert.match(one.sessionKey, /^[0-9a-f]{8}$/);
    assert.deepEqual(
      world.logger.lines.map(
        ({ fields }) => `${String(fields["sessionKey"])} ${String(fields["event"])}`,
      ),
      [one, one, other, other].map(({ sessionKey }, index) => {
        return `${sessionKey} ${["accept", "end"][index % 2]}`;
      }),
    );
  });

  it("gives no key twice among those that are live, and each again afterwards", () => {
    const world = create(new ScriptedRandom([0, 0, 0.5, 0]));
    const [first, second] = [world.forensics.open(), world.forensics.open()];
    assert.deepEqual([first.sessionKey, second.sessionKey], ["00000000", "80000000"]);
    first.record(END);
    assert.equal(world.forensics.open().sessionKey, "00000000");
  });

  it("has as many keys as eight hexadecimal digits", () => {
    const world = create(new ScriptedRandom([1 - 2 ** -32, 2 ** -32]));
    assert.equal(world.forensics.open().sessionKey, "ffffffff");
    assert.equal(world.forensics.open().sessionKey, "00000001");
  });

  it("holds no more of a connection than a hundred events", () => {
    const world = create();
    const log = world.forensics.open();
    for (let index = 0; index < 150; index++) log.record(auth("refused"));
    assert.equal(world.lines().length, 50);
    log.record(auth("accepted"));
    assert.equal(world.lines().length, 151);
  });

  it("writes what comes after the end, and ends a connection once", () => {
    const world = create();
    const log = world.forensics.open();
    for (const event of [ACCEPT, auth("accepted"), END, END, IDENT]) log.record(event);
    assert.equal(world.lines().length, 5);
    assert.match(world.metrics(), /connection_ends client-closed,yes 1/);
    const noise = world.forensics.open();
    for (const event of [ACCEPT, END, IDENT]) noise.record(event);
    assert.equal(world.lines().filter((line) => line.startsWith("debug")).length, 3);
  });

  it("lets sessions begin as long as the audit file can be written, or there is none", () => {
    const world = create();
    assert.equal(world.forensics.mayBegin, true);
    world.audit.writable = false;
    assert.equal(world.forensics.mayBegin, false);
    const without = createForensics({ ...world.parts, audit: undefined });
    assert.equal(without.mayBegin, true);
    without.open().record(auth("accepted"));
  });
});

function auth(result: "offered" | "refused" | "accepted" | "partial"): ForensicEvent {
  return { event: "auth", user: "git", method: "publickey", result };
}

class ScriptedRandom implements Random {
  private readonly numbers: number[];

  constructor(numbers: readonly number[]) {
    this.numbers = [...numbers];
  }

  next(): number {
    return this.numbers.shift() ?? 0;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  stream(): Random {
    return this;
  }
}

function create(random: Random = new SeededRandom(1)) {
  const clock = new ManualClock();
  const startEpochMs = clock.epochMs();
  const logger = new MemoryLogger();
  const registry = new StatsRegistry();
  const ring = new EventRing(200);
  const audited: EventRecord[] = [];
  const audit = { writable: true, write: (record: EventRecord) => void audited.push(record) };
  const parts = { logger, clock, random, ring, audit, stats: new ProxyStats(registry) };
  return {
    parts,
    clock,
    logger,
    ring,
    audit,
    audited,
    forensics: createForensics(parts),
    /** Level, message, and milliseconds since the start. */
    lines: () =>
      logger.lines.map(({ level, message, fields }) => {
        return `${level} ${message} ${Number(fields["at"]) - startEpochMs}`;
      }),
    metrics: () =>
      [...registry.families()]
        .flatMap((family) =>
          [...family].map(({ labelValues, metric }) => {
            const value = "value" in metric ? metric.value : metric.snapshot().count;
            return `${family.name} ${labelValues.join()} ${value}`;
          }),
        )
        .join("\n"),
  };
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type TimerEntry, TimerWheel } from "./timer-wheel.ts";

class Entry implements TimerEntry {
  timerPrevious: TimerEntry | undefined = undefined;
  timerNext: TimerEntry | undefined = undefined;
  timerSlot = -1;
  dueTick = 0;
  onDue: () => void;

  constructor(onDue: () => void) {
    this.onDue = onDue;
  }
}

/** The naive twin: what is pending, and at which tick it is due. */
class Checked {
  readonly wheel: TimerWheel;
  readonly pending = new Map<Entry, number>();
  readonly entries: Entry[] = [];
  fired = 0;

  constructor(startTick: number) {
    this.wheel = new TimerWheel(startTick);
  }

  add(entry: Entry, dueTick: number): void {
    this.wheel.add(entry, dueTick);
    this.pending.set(entry, Math.max(dueTick, this.wheel.tick + 1));
  }

  remove(entry: Entry): void {
    this.wheel.remove(entry);
    this.pending.delete(entry);
  }

  /** An entry that checks its time, and then may do something to the wheel it stands in. */
  newEntry(onFired: (checked: Checked) => void): Entry {
    const entry = new Entry(() => {
      assert.equal(this.wheel.tick, this.pending.get(entry), "due at exactly its tick");
      this.pending.delete(entry);
      this.fired++;
      onFired(this);
    });
    this.entries.push(entry);
    return entry;
  }

  check(): void {
    assert.equal(this.wheel.size, this.pending.size);
    const earliest = Math.min(Infinity, ...this.pending.values());
    assert.ok(this.wheel.nextWorkTick() <= earliest, "the next work is not after what is due");
    assert.ok(earliest > this.wheel.tick, "nothing due is left");
    assert.ok(this.wheel.nextWorkTick() > this.wheel.tick, "the next work is still to come");
  }
}

/** Delays for every level, and the edges between them. */
const delay = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.integer({ min: 250, max: 70_000 }),
  fc.integer({ min: 65_000, max: 17_000_000 }),
  fc.integer({ min: 16_700_000, max: 2 ** 32 }),
  fc.integer({ min: 2 ** 31, max: 2 ** 35 }),
  fc.constantFrom(
    255,
    256,
    257,
    65_535,
    65_536,
    65_537,
    2 ** 24 - 1,
    2 ** 24,
    2 ** 32 - 1,
    2 ** 32,
  ),
);
const reaction = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: "nothing" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("add" as const), delay }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("advance" as const), delay }) },
);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), delay, reaction }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("move" as const), pick: fc.nat(), delay }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("advance" as const), delay }) },
);

describe("TimerWheel", () => {
  it("calls every entry at exactly its tick, once, whatever is added, moved or removed", () => {
    const start = fc.oneof(fc.nat({ max: 70_000 }), fc.integer({ min: 2 ** 31, max: 2 ** 33 }));
    fc.assert(
      fc.property(start, fc.array(operation, { maxLength: 40 }), (startTick, operations) => {
        const checked = new Checked(startTick);
        for (const one of operations) {
          apply(checked, one);
          checked.check();
        }
        checked.wheel.advance(checked.wheel.tick + 2 ** 37);
        // What was added by what came last may still be due.
        for (const entry of checked.entries) checked.remove(entry);
        assert.equal(checked.wheel.size, 0);
        assert.equal(checked.wheel.nextWorkTick(), Infinity);
      }),
      { numRuns: 300 },
    );
  });

  it("is at the tick it was told to, also when there was nothing to do", () => {
    const wheel = new TimerWheel(5);
    wheel.advance(1_000_000_007);
    assert.equal(wheel.tick, 1_000_000_007);
    wheel.advance(3);
    assert.equal(wheel.tick, 1_000_000_007);
  });

  it("calls in order of tick over one big jump", () => {
    const wheel = new TimerWheel(0);
    const seen: number[] = [];
    for (const due of [70_000, 3, 2 ** 33, 256, 255, 20_000_000]) {
      wheel.add(new Entry(() => seen.push(wheel.tick)), due);
    }
    wheel.advance(2 ** 34);
    assert.deepEqual(seen, [3, 255, 256, 70_000, 20_000_000, 2 ** 33]);
  });

  it("keeps an entry that is due never, and lets it go", () => {
    const wheel = new TimerWheel(0);
    const entry = new Entry(() => assert.fail("not due"));
    wheel.add(entry, Infinity);
    wheel.advance(2 ** 36);
    assert.equal(wheel.size, 1);
    wheel.remove(entry);
    assert.equal(wheel.size, 0);
  });

  it("calls the others of a tick at the next advance when one throws", () => {
    const wheel = new TimerWheel(0);
    let called = 0;
    for (let index = 0; index < 3; index++) {
      wheel.add(
        new Entry(() => {
          called++;
          if (called === 1) throw new Error("broken entry");
        }),
        7,
      );
    }
    assert.throws(() => wheel.advance(7), /broken entry/);
    assert.equal(wheel.nextWorkTick(), 7);
    wheel.advance(7);
    assert.equal(called, 3);
    assert.equal(wheel.nextWorkTick(), Infinity);
  });
});

type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;
type Reaction = typeof reaction extends fc.Arbitrary<infer Value> ? Value : never;

function apply(checked: Checked, one: Operation): void {
  if (one.kind === "advance") {
    checked.wheel.advance(checked.wheel.tick + one.delay);
    return;
  }
  if (one.kind === "add") {
    const entry = checked.newEntry((within) => react(within, one.reaction));
    checked.add(entry, checked.wheel.tick + one.delay);
    return;
  }
  const picked = checked.entries[one.pick % checked.entries.length];
  if (picked === undefined) return;
  if (one.kind === "remove") checked.remove(picked);
  else checked.add(picked, checked.wheel.tick + one.delay);
}

/** What an entry does from inside `advance`. */
function react(checked: Checked, one: Reaction): void {
  if (one.kind === "add") {
    checked.add(
      checked.newEntry(() => undefined),
      checked.wheel.tick + one.delay,
    );
  } else if (one.kind === "remove") {
    const picked = checked.entries[one.pick % checked.entries.length];
    if (picked !== undefined) checked.remove(picked);
  } else if (one.kind === "advance") {
    // The advance that is going on has it in hand.
    const before = checked.wheel.tick;
    checked.wheel.advance(before + one.delay);
    assert.equal(checked.wheel.tick, before);
  }
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "holdfast";
import { ReadPace } from "./read-pace.ts";

const PIECE = 8 * 1_024;
const WINDOW_BYTES = 1_024 * 1_024;

describe("a rest from a stream that comes in", () => {
  it("is taken once 256 KiB have come in small pieces", () => {
    const paced = new Paced();
    const rests = paced.receive({ pieces: 40, everyMs: 0.12 });
    assert.equal(rests.indexOf(true), 256 / 8 - 1);
    assert.ok(rests.slice(32).every((rested) => rested));
  });

  it("is not taken where every read brings much already", () => {
    assert.ok(!new Paced().receive({ pieces: 100, bytes: 96 * 1_024, everyMs: 1 }).includes(true));
  });

  it("is not taken from what comes faster than a rest's buffers are filled", () => {
    const everyMs = PIECE / (200 * 1_024);
    assert.ok(!new Paced().receive({ pieces: 10_000, everyMs }).includes(true));
  });

  it("is taken again when what was too fast has become slower", () => {
    const paced = new Paced();
    paced.receive({ pieces: 10_000, everyMs: 0.02 });
    assert.ok(paced.receive({ pieces: 1_000, everyMs: 0.2 }).at(-1));
  });

  it("is not taken from what comes now and then, or between a question and its answer", () => {
    const paced = new Paced();
    assert.ok(!paced.receive({ pieces: 1_000, everyMs: 25 }).includes(true));
    for (let round = 0; round < 100; round++) {
      assert.ok(!paced.receive({ pieces: 20, everyMs: 0.1 }).includes(true));
      paced.pace.onSent(10, WINDOW_BYTES);
      assert.equal(paced.pace.restsAfter(36), false);
    }
  });

  it("is not taken once it has stopped", () => {
    const paced = new Paced();
    assert.ok(paced.receive({ pieces: 100, everyMs: 0.12 }).at(-1));
    paced.clock.advance(21);
    assert.equal(paced.pace.restsAfter(36), false);
  });
});

describe("a rest from a peer that is sent a stream", () => {
  it("is taken after each of its small messages, while its window is wide", () => {
    const paced = new Paced();
    assert.ok(!paced.send({ pieces: 31, everyMs: 0.12 }).includes(true));
    assert.ok(paced.send({ pieces: 100, everyMs: 0.12 }).slice(2).every(Boolean));
    assert.ok(!paced.send({ pieces: 100, everyMs: 0.12, windowBytes: 300_000 }).includes(true));
    assert.ok(!paced.send({ pieces: 10_000, everyMs: 0.02 }).at(-1));
  });

  it("is not taken while it talks itself", () => {
    const paced = new Paced();
    assert.ok(paced.send({ pieces: 100, everyMs: 0.12 }).at(-1));
    paced.pace.onReceived(1);
    assert.equal(paced.pace.restsAfter(36), false);
    assert.ok(!paced.send({ pieces: 30, everyMs: 0.12 }).includes(true));
  });
});

interface Pieces {
  readonly pieces: number;
  readonly everyMs: number;
  readonly bytes?: number;
  readonly windowBytes?: number;
}

class Paced {
  readonly clock = new ManualClock();
  readonly pace = new ReadPace(this.clock);

  receive({ pieces, everyMs, bytes = PIECE }: Pieces): boolean[] {
    return Array.from({ length: pieces }, () => {
      this.clock.advance(everyMs);
      this.pace.onReceived(bytes);
      return this.pace.restsAfter(bytes + 36);
    });
  }

  send({ pieces, everyMs, windowBytes = WINDOW_BYTES }: Pieces): boolean[] {
    return Array.from({ length: pieces }, () => {
      this.clock.advance(everyMs);
      this.pace.onSent(PIECE, windowBytes);
      return this.pace.restsAfter(36);
    });
  }
}

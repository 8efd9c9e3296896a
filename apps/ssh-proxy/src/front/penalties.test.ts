import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock, StatsRegistry } from "holdfast";
import {
  completePenaltyOptions,
  PENALTY_KINDS,
  type PenaltyKind,
  type PenaltyOptionsInput,
} from "./front-options.ts";
import { Penalties } from "./penalties.ts";
import { type Source, sourceOf } from "./source-address.ts";

const SECOND = 1_000;
const source = (host: string): Source =>
  sourceOf(`${host}:1`, { ipv4PrefixBits: 32, ipv6PrefixBits: 64 });
const BAD = source("192.0.2.7");

function penaltiesWith(input: PenaltyOptionsInput = {}) {
  const clock = new ManualClock();
  const stats = new StatsRegistry();
  const penalties = new Penalties({ clock, options: completePenaltyOptions(input), stats });
  return { clock, stats, penalties };
}

function valueOf(stats: StatsRegistry, name: string, ...labelValues: string[]): number {
  for (const family of stats.families()) {
    if (family.name !== name) continue;
    for (const series of family) {
      const metric = series.metric as { readonly value: number };
      if (series.labelValues.join() === labelValues.join()) return metric.value;
    }
  }
  throw new Error(`no ${name}{${labelValues.join()}}`);
}

describe("penalties", () => {
  it("do nothing before they have added up to 15 s, and then until they are over", () => {
    const { clock, penalties } = penaltiesWith();
    penalties.penalise(BAD, "auth-failed");
    penalties.penalise(BAD, "auth-failed");
    assert.equal(penalties.refusalOf(BAD), undefined);
    penalties.penalise(BAD, "auth-failed");
    assert.deepEqual(penalties.refusalOf(BAD), { penalty: "auth-failed", remainingMs: 15_000 });
    clock.advance(14_999);
    assert.deepEqual(penalties.refusalOf(BAD), { penalty: "auth-failed", remainingMs: 1 });
    clock.advance(1);
    assert.equal(penalties.refusalOf(BAD), undefined);
    assert.equal(penalties.snapshot().sources, 0);
  });

  it("are taken away by time", () => {
    const { clock, penalties } = penaltiesWith();
    for (let failure = 0; failure < 100; failure++) {
      penalties.penalise(BAD, "auth-failed");
      assert.equal(penalties.refusalOf(BAD), undefined);
      clock.advance(5 * SECOND);
    }
  });

  it("never add up for a health check each second, and do for a scan", () => {
    const check = penaltiesWith();
    for (let second = 0; second < 3_600; second++) {
      check.penalties.penalise(BAD, "no-auth");
      assert.equal(check.penalties.refusalOf(BAD), undefined);
      check.clock.advance(SECOND);
    }
    const scan = penaltiesWith();
    for (let port = 0; port < 20; port++) {
      scan.penalties.penalise(BAD, "no-auth");
      scan.clock.advance(100);
    }
    assert.equal(scan.penalties.refusalOf(BAD)?.penalty, "no-auth");
  });

  it("refuse at once who crashed something, and the second time who broke the protocol", () => {
    const { penalties } = penaltiesWith();
    penalties.penalise(BAD, "crash");
    assert.equal(penalties.refusalOf(BAD)?.remainingMs, 90_000);
    const faulty = source("192.0.2.8");
    penalties.penalise(faulty, "protocol-error");
    assert.equal(penalties.refusalOf(faulty), undefined);
    penalties.penalise(faulty, "protocol-error");
    assert.equal(penalties.refusalOf(faulty)?.remainingMs, 20_000);
  });

  it("end at 10 min", () => {
    const { penalties } = penaltiesWith();
    for (let crash = 0; crash < 100; crash++) penalties.penalise(BAD, "crash");
    assert.equal(penalties.refusalOf(BAD)?.remainingMs, 600_000);
  });

  it("are for a source, not for others, and for a whole /64", () => {
    const { penalties } = penaltiesWith();
    penalties.penalise(source("[2001:db8::1]"), "crash");
    assert.notEqual(penalties.refusalOf(source("[2001:db8::2]")), undefined);
    assert.equal(penalties.refusalOf(source("[2001:db8:0:1::1]")), undefined);
    assert.equal(penalties.refusalOf(BAD), undefined);
  });

  it("are only counted when they run dark, and not even that when off", () => {
    const dark = penaltiesWith({ mode: "dark" });
    dark.penalties.penalise(BAD, "crash");
    assert.equal(dark.penalties.refusalOf(BAD), undefined);
    assert.equal(valueOf(dark.stats, "ssh_proxy_penalties_would_refuse"), 1);
    assert.equal(dark.penalties.snapshot().worst[0]?.refused, false);
    const off = penaltiesWith({ mode: "off" });
    off.penalties.penalise(BAD, "crash");
    assert.equal(off.penalties.snapshot().sources, 0);
  });

  it("are counted by kind", () => {
    const { penalties, stats } = penaltiesWith({ addMs: { "no-auth": 0 } });
    for (const kind of PENALTY_KINDS) penalties.penalise(BAD, kind);
    assert.equal(valueOf(stats, "ssh_proxy_penalties", "crash"), 1);
    assert.equal(valueOf(stats, "ssh_proxy_penalties", "no-auth"), 0);
    assert.equal(valueOf(stats, "ssh_proxy_penalised_sources"), 1);
  });
});

describe("more sources than can be remembered", () => {
  const many = (count: number): Source[] =>
    Array.from({ length: count }, (_, index) => source(`10.0.${index >> 8}.${index & 255}`));

  it("are forgotten, the mildest of the longest quiet first", () => {
    const { penalties, stats } = penaltiesWith({ sourcesPerFamilyMax: 10 });
    const sources = many(12);
    for (const [index, one] of sources.slice(0, 10).entries()) {
      penalties.penalise(one, index === 3 ? "auth-failed" : "crash");
    }
    penalties.penalise(sources[10]!, "crash");
    penalties.penalise(sources[11]!, "crash");
    const refused = sources.map((one) => penalties.refusalOf(one) !== undefined);
    assert.deepEqual(refused.indexOf(false), 0);
    assert.equal(refused.filter((one) => one).length, 10);
    assert.equal(refused[3], false);
    assert.equal(valueOf(stats, "ssh_proxy_penalties_forgotten"), 2);
  });

  it("are forgotten by who was quiet for longest, not by who was there first", () => {
    const { penalties } = penaltiesWith({ sourcesPerFamilyMax: 10 });
    const sources = many(11);
    for (const one of sources.slice(0, 10)) penalties.penalise(one, "crash");
    for (const one of sources.slice(0, 8)) penalties.penalise(one, "no-auth");
    penalties.penalise(sources[10]!, "crash");
    const forgotten = sources.findIndex((one) => penalties.refusalOf(one) === undefined);
    assert.equal(forgotten, 8);
  });

  it("are looked at a few at a time, however many they are", () => {
    const { penalties } = penaltiesWith({ sourcesPerFamilyMax: 10 });
    const sources = many(11);
    for (const one of sources.slice(0, 9)) penalties.penalise(one, "crash");
    penalties.penalise(sources[9]!, "auth-failed");
    penalties.penalise(sources[10]!, "crash");
    const remembered = penalties.snapshot().worst.map(({ penalty }) => penalty);
    assert.ok(remembered.includes("auth-failed"), "the mildest of all was too far away");
  });

  it("take no place from the other family", () => {
    const { penalties } = penaltiesWith({ sourcesPerFamilyMax: 10 });
    penalties.penalise(BAD, "crash");
    for (let index = 0; index < 100; index++) {
      penalties.penalise(source(`[2001:db8:0:${index.toString(16)}::1]`), "crash");
    }
    assert.equal(penalties.snapshot().sources, 11);
    assert.notEqual(penalties.refusalOf(BAD), undefined);
  });

  it("push out those whose penalties are over before any other", () => {
    const { clock, penalties, stats } = penaltiesWith({ sourcesPerFamilyMax: 10 });
    const sources = many(15);
    for (const one of sources.slice(0, 5)) penalties.penalise(one, "auth-failed");
    clock.advance(5 * SECOND);
    for (const one of sources.slice(5)) penalties.penalise(one, "crash");
    assert.ok(sources.slice(5).every((one) => penalties.refusalOf(one) !== undefined));
    assert.equal(valueOf(stats, "ssh_proxy_penalties_forgotten"), 0);
  });

  it("are shown to the operator by the 50 worst", () => {
    const { clock, penalties } = penaltiesWith();
    const sources = many(1_000);
    for (const [index, one] of sources.entries()) {
      for (let time = 0; time <= (index * 7) % 100; time++) penalties.penalise(one, "auth-failed");
    }
    clock.advance(SECOND);
    const { worst, sources: count } = penalties.snapshot();
    assert.equal(count, 1_000);
    assert.equal(worst.length, 50);
    assert.equal(worst[0]!.remainingMs, 499_000);
    assert.equal(worst[49]!.remainingMs, 479_000);
    const sorted = worst.toSorted((one, other) => other.remainingMs - one.remainingMs);
    assert.deepEqual(worst, sorted);
    assert.deepEqual(Object.keys(worst[0]!), [
      ...["source", "remainingMs", "refused", "penalty", "times"],
    ]);
  });
});

describe("penalties in any order", () => {
  const event = fc.oneof(
    fc.record({ penalise: fc.nat({ max: 2 }), kind: fc.constantFrom(...PENALTY_KINDS) }),
    fc.record({ ask: fc.nat({ max: 2 }) }),
    fc.record({ advanceMs: fc.integer({ min: 1, max: 60_000 }) }),
  );

  it("are what adding up and waiting makes of them", () => {
    const sources = ["10.0.0.1", "10.0.0.2", "[2001:db8::1]"].map(source);
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100, size: "max" }), (events) => {
        const { clock, penalties } = penaltiesWith();
        const model = sources.map(() => new ModelPenalty());
        for (const one of events) {
          if ("advanceMs" in one) clock.advance(one.advanceMs);
          else if ("penalise" in one) {
            penalties.penalise(sources[one.penalise]!, one.kind);
            model[one.penalise]!.penalise(one.kind, clock.nowMs());
          } else {
            const refusal = penalties.refusalOf(sources[one.ask]!);
            assert.deepEqual(refusal, model[one.ask]!.refusal(clock.nowMs()));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

class ModelPenalty {
  private untilMs = 0;
  private enforcedUntilMs = 0;
  private last: PenaltyKind = "crash";

  penalise(kind: PenaltyKind, nowMs: number): void {
    const add = { "auth-failed": 5, "login-timeout": 10, "no-auth": 1, "protocol-error": 10 };
    const seconds = kind === "crash" ? 90 : add[kind];
    const leftMs = Math.min(Math.max(this.untilMs - nowMs, 0) + seconds * SECOND, 600 * SECOND);
    this.untilMs = nowMs + leftMs;
    if (leftMs >= 15 * SECOND || this.enforcedUntilMs > nowMs) this.enforcedUntilMs = this.untilMs;
    this.last = kind;
  }

  refusal(nowMs: number) {
    if (this.enforcedUntilMs <= nowMs) return undefined;
    return { penalty: this.last, remainingMs: this.enforcedUntilMs - nowMs };
  }
}

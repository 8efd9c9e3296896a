/**
 * A failure that outlives its cause: after a short blip a callee with a third of its capacity to
 * spare is kept down by the retries of its own clients. See docs/guides/metastable-failure.md.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { BLIP, type BlipRun, runBlip, STEP_MS } from "./testing/blip-simulation.ts";
import { drawGoodput, PLOT_FILE } from "./testing/goodput-plot.ts";

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);
const RECOVERY_MAX_MS = 2_000;

describe("after a blip of two seconds", () => {
  it("retries without a budget keep the callee down for as long as one looks", () => {
    for (const seed of SEEDS) {
      const run = runBlip(seed, false);
      assert.ok(answeredIn(run, 0, BLIP.blipStartMs) > 0.999, "all was well before");
      const afterwards = answeredIn(run, BLIP.blipEndMs + 3_000, BLIP.endMs);
      assert.ok(afterwards < 0.01, `seed ${seed}: ${afterwards} of the calls were answered`);
      const load = triesIn(run, BLIP.blipEndMs + 3_000, BLIP.endMs);
      assert.ok(load > 2.7, `seed ${seed}: ${load} tries for each call`);
    }
  });

  it("retries out of a budget are back within two seconds, and stay back", () => {
    for (const seed of SEEDS) {
      const run = runBlip(seed, true);
      assert.ok(answeredIn(run, 0, BLIP.blipStartMs) > 0.999, "all was well before");
      for (let fromMs = BLIP.blipEndMs + RECOVERY_MAX_MS; fromMs < BLIP.endMs; fromMs += 1_000) {
        const answered = answeredIn(run, fromMs, fromMs + 1_000);
        assert.ok(answered > 0.97, `seed ${seed}: ${answered} of the calls at ${fromMs} ms`);
      }
      const afterwards = answeredIn(run, BLIP.blipEndMs + RECOVERY_MAX_MS, BLIP.endMs);
      assert.ok(afterwards > 0.999, `seed ${seed}: ${afterwards} of the calls were answered`);
      const perCall = triesIn(run, 0, BLIP.endMs);
      assert.ok(perCall < 1.1, `seed ${seed}: ${perCall} tries for each call, the blip included`);
    }
  });

  it("looks as it does in the guide", () => {
    const drawn = readFileSync(PLOT_FILE, "utf8");
    assert.equal(
      drawGoodput(),
      drawn,
      "node packages/resilience/src/retry/testing/goodput-plot.ts",
    );
  });
});

/** The part of the calls made in that time; those that wait at its edges are few. */
function answeredIn({ answered, calls }: BlipRun, fromMs: number, toMs: number): number {
  return sum(answered, fromMs, toMs) / sum(calls, fromMs, toMs);
}

function triesIn({ tries, calls }: BlipRun, fromMs: number, toMs: number): number {
  return sum(tries, fromMs, toMs) / sum(calls, fromMs, toMs);
}

function sum(counts: readonly number[], fromMs: number, toMs: number): number {
  const part = counts.slice(fromMs / STEP_MS, toMs / STEP_MS);
  return part.reduce((total, count) => total + count, 0);
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, type Balancer, ManualClock, SeededRandom } from "@holdfast/core";
import { leastLoaded } from "./least-loaded.ts";
import { PeakEwma } from "./peak-ewma.ts";
import { contextWith, FakeCandidate, instancesOf } from "./testing/fake-candidates.ts";

/** Takes `serviceMs` for a call, and twice as long for each multiple of `capacity` at work. */
class Worker extends FakeCandidate {
  readonly latency = new PeakEwma(10_000);
  serviceMs = 10;
  capacity = Infinity;
  served = 0;
  clock: ManualClock | undefined = undefined;

  override latencyMs(): number {
    return this.latency.valueMs(this.clock!.nowMs());
  }

  serve(clock: ManualClock): void {
    const startMs = clock.nowMs();
    this.inFlight++;
    this.served++;
    const takesMs = this.serviceMs * Math.max(1, this.inFlight / this.capacity);
    after(clock, takesMs, () => {
      this.inFlight--;
      this.latency.observe(clock.nowMs() - startMs, clock.nowMs());
    });
  }
}

function load(workers: readonly Worker[], callsPerMs: number, forMs: number, seed = 1): void {
  const clock = new ManualClock();
  for (const worker of workers) worker.clock = clock;
  const balancer: Balancer<Worker> = leastLoaded()<Worker>({ random: new SeededRandom(seed) });
  balancer.update(workers, instancesOf(workers));
  const context = contextWith();
  for (let ms = 0; ms < forMs; ms++) {
    for (let call = 0; call < callsPerMs; call++) {
      balancer.pick(context, undefined, [], clock.nowMs())!.serve(clock);
    }
    clock.advance(1);
  }
}

describe("the less loaded of two", () => {
  it("gives each its share under load too, when they are alike", () => {
    const workers = [1, 2, 3, 4].map((weight) => new Worker(`w${weight}`, weight));
    load(workers, 10, 5_000);
    for (const { served, weight } of workers) {
      const share = served / 50_000;
      assert.ok(Math.abs(share - weight / 10) < 0.03, `${share} of weight ${weight}`);
    }
  });

  it("gives a slow one what it can take, and not what its weight says", () => {
    const workers = ["a", "b", "c"].map((id) => new Worker(id));
    workers[0]!.serviceMs = 100;
    load(workers, 3, 5_000);
    const share = workers[0]!.served / 15_000;
    assert.ok(share > 0 && share < 0.1, `${share}`);
  });

  it("lets no queue grow where one instance has half of the others' capacity", () => {
    const workers = ["a", "b", "c", "d"].map((id) => new Worker(id));
    for (const worker of workers) worker.capacity = 20;
    workers[0]!.capacity = 10;
    load(workers, 4, 3_000);
    for (const { inFlight, capacity } of workers) assert.ok(inFlight <= capacity * 1.6);
  });

  it("gives one that nobody knows a call, and no second one before its answer", () => {
    const [old, young] = [new FakeCandidate("old"), new FakeCandidate("young")];
    old.takesMs = 50;
    young.takesMs = 0;
    const balancer = leastLoaded()<FakeCandidate>({ random: new SeededRandom(1) });
    balancer.update([old, young], instancesOf([old, young]));
    assert.equal(balancer.pick(contextWith(), undefined, [], 0), young);
    young.inFlight = 1;
    for (let pick = 0; pick < 20; pick++) {
      assert.equal(balancer.pick(contextWith(), undefined, [], 0), old);
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientCall } from "./client-call.ts";
import type { Endpoint } from "./endpoint.ts";
import { Probes } from "./probes.ts";

/** An instance that fails and wants a probe at once. */
function failing(id: string): Endpoint {
  const endpoint = { instance: { id }, probeInMs: () => 0, takesProbe: () => true };
  return endpoint as unknown as Endpoint;
}

function callOf(idempotent: boolean, oneway = false): ClientCall {
  const method = { idempotent, definition: { oneway, idempotent: false } };
  return { method } as unknown as ClientCall;
}

function probesOf(...all: readonly Endpoint[]): Probes {
  const probes = new Probes();
  probes.update(all, 100);
  return probes;
}

describe("a probe", () => {
  it("is at once a call that may be done twice, whoever says so", () => {
    const one = failing("one");
    assert.equal(probesOf(one).take(callOf(true), [], 100), one);
  });

  it("waits a second before it is a call that may not", () => {
    const one = failing("one");
    const probes = probesOf(one);
    assert.equal(probes.take(callOf(false), [], 100), undefined);
    assert.equal(probes.take(callOf(false), [], 1_099), undefined);
    assert.equal(probes.take(callOf(false), [], 1_100), one);
  });

  it("is never a call of which nobody hears how it went", () => {
    assert.equal(probesOf(failing("one")).take(callOf(true, true), [], 10_000), undefined);
  });

  it("goes to each that fails in its turn, and not to one that the call avoids", () => {
    const [one, two] = [failing("one"), failing("two")];
    const probes = probesOf(one, two);
    const call = callOf(true);
    const taken = [100, 110, 120].map((nowMs) => probes.take(call, [], nowMs));
    assert.deepEqual(new Set(taken), new Set([one, two]));
    assert.equal(probes.take(call, ["one"], 130), two);
    assert.equal(probes.take(call, ["one", "two"], 140), undefined);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CIRCUIT_BREAKER_DEFAULTS,
  type CircuitBreakerOptions,
  completeCircuitBreakerLiveOptions,
  completeCircuitBreakerOptions,
} from "./options.ts";

describe("the options of the circuit breaker", () => {
  it("are the defaults when nothing is said", () => {
    assert.deepEqual(completeCircuitBreakerOptions(), CIRCUIT_BREAKER_DEFAULTS);
    const live = completeCircuitBreakerLiveOptions({ errorRatio: 0.2 });
    assert.equal(live.errorRatio, 0.2);
    assert.ok(!("keysMax" in live));
  });

  it("say what is wrong and what is allowed", () => {
    const wrong: [Partial<CircuitBreakerOptions>, RegExp][] = [
      [{ errorRatio: 1.1 }, /errorRatio is 1\.1; it must be a number \(ratio\) from 0 to 1$/],
      [{ errorRatio: NaN }, /errorRatio is NaN/],
      [
        { samplesMin: 0 },
        /samplesMin is 0; it must be a whole number \(calls\) from 1 to 1000000$/,
      ],
      [{ samplesMin: 1.5 }, /samplesMin is 1\.5/],
      [{ consecutiveErrors: -1 }, /consecutiveErrors is -1/],
      [{ consecutiveErrorsMs: -1 }, /consecutiveErrorsMs is -1/],
      [{ openMinMs: 0 }, /openMinMs is 0/],
      [{ openMaxMs: 1e9 }, /openMaxMs is 1000000000/],
      [{ probeIntervalMs: -5 }, /probeIntervalMs is -5/],
      [{ probesMax: 0 }, /probesMax is 0/],
      [{ probeLeaseMs: 0 }, /probeLeaseMs is 0/],
      [{ successesToClose: 0 }, /successesToClose is 0/],
      [{ keysMax: 0 }, /keysMax is 0/],
      [{ mode: "maybe" as "on" }, /mode is maybe; it must be one of "on", "dark", "off"$/],
      [{ openMinMs: 500, openMaxMs: 100 }, /openMinMs 500 is above openMaxMs 100$/],
      [{ errorRatio: 0, consecutiveErrors: 0 }, /are both 0.*mode "off"/],
    ];
    for (const [options, message] of wrong) {
      assert.throws(() => completeCircuitBreakerOptions(options), { name: "RangeError", message });
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completeFrontOptions, type FrontOptionsInput } from "./front-options.ts";

describe("the options of the front", () => {
  it("are the promised ones", () => {
    const options = completeFrontOptions();
    const { admission, penalties, proxyProtocol, times } = options;
    assert.equal(admission.unauthenticatedMax, 100);
    assert.equal(admission.unauthenticatedPerSourceMax, 10);
    assert.equal(admission.connectionsMax, 10_000);
    assert.equal(admission.handshakesPerCoreMax, 8);
    assert.equal(penalties.addMs["auth-failed"], 5_000);
    assert.equal(penalties.sourcesPerFamilyMax, 65_536);
    assert.deepEqual([proxyProtocol.mode, proxyProtocol.headerTimeoutMs], ["off", 3_000]);
    assert.deepEqual([times.identMs, times.loginMs], [10_000, 30_000]);
  });

  it("take the others from the defaults when one is given", () => {
    const options = completeFrontOptions({
      admission: { exempt: ["10.0.0.0/8"] },
      penalties: { addMs: { crash: 1_000 } },
    });
    assert.deepEqual(options.admission.exempt.entries, ["10.0.0.0/8"]);
    assert.equal(options.admission.unauthenticatedMax, 100);
    assert.deepEqual(
      [options.penalties.addMs.crash, options.penalties.addMs["no-auth"]],
      [...[1_000, 1_000]],
    );
  });

  const wrong: readonly [FrontOptionsInput, RegExp][] = [
    [{ admission: { connectionsMax: 0 } }, /admission\.connectionsMax is 0; .* from 1 to 1000000/],
    [{ admission: { unauthenticatedMax: 1.5 } }, /unauthenticatedMax is 1\.5/],
    [{ admission: { unauthenticatedMax: 5 } }, /PerSourceMax is 10, above .*Max, which is 5/],
    [{ admission: { connectionsMax: 50 } }, /unauthenticatedMax is 100, above .*, which is 50/],
    [{ admission: { earlyDropRatio: 30 } }, /earlyDropRatio is 30; it must be from 0 to 1/],
    [{ admission: { earlyDropFromRatio: NaN } }, /earlyDropFromRatio is NaN/],
    [{ admission: { ipv4PrefixBits: 33 } }, /ipv4PrefixBits is 33/],
    [{ admission: { ipv6PrefixBits: 0 } }, /ipv6PrefixBits is 0/],
    [{ admission: { handshakesPerCoreMax: 0 } }, /handshakesPerCoreMax is 0/],
    [{ admission: { handshakesWaitingMax: -1 } }, /handshakesWaitingMax is -1/],
    [{ admission: { handshakeSlotMs: 0 } }, /handshakeSlotMs is 0/],
    [{ admission: { exempt: ["here"] } }, /admission\.exempt: "here" is neither/],
    [{ penalties: { mode: "maybe" as "on" } }, /penalties\.mode is maybe/],
    [{ penalties: { addMs: { crash: -1 } } }, /penalties\.addMs\.crash is -1/],
    [{ penalties: { enforceFromMs: 700_000 } }, /enforceFromMs is 700000; .* from 0 to 600000/],
    [{ penalties: { penaltyMaxMs: 0 } }, /penaltyMaxMs is 0/],
    [{ penalties: { sourcesPerFamilyMax: 0 } }, /sourcesPerFamilyMax is 0/],
    [{ proxyProtocol: { mode: "required" } }, /names nobody/],
    [{ times: { loginMs: 1 } }, /identMs is 10000, above loginMs/],
  ];
  for (const [input, complaint] of wrong) {
    it(`are not ${JSON.stringify(input)}`, () => {
      assert.throws(() => completeFrontOptions(input), complaint);
    });
  }
});

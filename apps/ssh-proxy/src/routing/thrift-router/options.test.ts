import assert from "node:assert/strict";
import { it } from "node:test";
import { completeThriftRouterOptions } from "./options.ts";

it("the options of asking for routes are refused out of range", () => {
  assert.throws(() => completeThriftRouterOptions({ keptMax: 0 }), /keptMax is 0; .* 1 to 1000000/);
  assert.throws(() => completeThriftRouterOptions({ foundTtlMs: NaN }), RangeError);
  const input = { callTimeoutMs: 500 };
  assert.throws(() => completeThriftRouterOptions(input), /tryTimeoutMs 900 is above .* 500/);
});

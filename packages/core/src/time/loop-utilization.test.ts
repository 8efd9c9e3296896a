import assert from "node:assert/strict";
import { test } from "node:test";
import { loopUtilizationProbe } from "./loop-utilization.ts";
import { SystemClock } from "./system-clock.ts";

test("says how busy the event loop was since it was last asked", async () => {
  const clock = new SystemClock();
  const probe = loopUtilizationProbe();
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  await turn();
  probe();
  const endMs = clock.nowMs() + 20;
  while (clock.nowMs() < endMs);
  await turn();
  assert.ok(probe() > 0.5);
  const since = probe();
  assert.ok(since >= 0 && since <= 1);
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { forEachOf } from "./for-each-of.ts";

it("works on so many at a time, and begins in order", async () => {
  const begun: number[] = [];
  let atWork = 0;
  let most = 0;
  await forEachOf([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    most = Math.max(most, ++atWork);
    await Promise.resolve();
    atWork--;
  });
  assert.deepEqual(begun, [1, 2, 3, 4, 5]);
  assert.equal(most, 2);
});

it("fails when one fails", async () => {
  const failing = forEachOf([1, 2], 1, () => Promise.reject(new Error("no")));
  await assert.rejects(failing, /no/);
});

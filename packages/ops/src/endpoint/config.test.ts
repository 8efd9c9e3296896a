import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createContext,
  LiveConfig,
  type LiveSchema,
  ManualClock,
  MemoryConfigSource,
} from "@holdfast/core";
import { ask, started } from "../testing/ops-fixture.ts";

const SCHEMA: LiveSchema<{ triesMax: number; dark: boolean }> = {
  policy: "retry",
  fields: {
    triesMax: { kind: "number", unit: "tries", min: 1, max: 10, whole: true },
    dark: { kind: "boolean" },
  },
};

describe("/config", () => {
  it("shows sources, rules, changes and what was refused", async () => {
    const { fixture, source } = await configured();
    source.replace({ "feed/history/Get": { retry: { triesMax: 11 } } });
    const { status, body } = await ask(fixture, "/config");
    assert.equal(status, 200);
    const shown = JSON.parse(body) as Record<string, { [field: string]: unknown }[]>;
    assert.deepEqual(shown["sources"], [
      { name: "memory", revision: "1", revisionSeen: "2", ageMs: 0, rules: 2 },
    ]);
    assert.deepEqual(
      shown["rules"]!.map(({ path }) => path),
      ["*/*/*", "feed/history/Get"],
    );
    assert.equal(shown["changes"]!.length, 1);
    assert.equal(shown["refused"]![0]!["revision"], "2");
    assert.match(body, /retry\.triesMax: is 11; it must be a whole number/);
  });

  it("explains which rule gave each value", async () => {
    const { fixture } = await configured();
    const { body } = await ask(fixture, "/config?explain=feed/history/Get");
    const { policies } = JSON.parse(body) as { policies: { values: Record<string, unknown> }[] };
    assert.deepEqual(policies[0]!.values, {
      triesMax: { value: 3, own: 1, path: "feed/history/Get", source: "memory" },
      dark: { value: true, own: false, path: "*/*/*", source: "memory" },
    });
    const other = await ask(fixture, "/config?explain=/other/Get");
    assert.match(other.body, /"triesMax":\{"value":1,"own":1\}/);
  });

  it("says what is wrong with the question", async () => {
    const { fixture } = await configured();
    for (const question of ["feed", "feed/history", "a/b/c/d", ""]) {
      const { status, body } = await ask(fixture, `/config?explain=${question}`);
      assert.equal(status, 400, question);
      assert.match(body, /must be CALLER\/CALLEE\/METHOD/);
    }
  });

  it("says that there is none where there is none", async () => {
    const { status, body } = await ask(await started(), "/config");
    assert.equal(status, 404);
    assert.match(body, /no live configuration/);
  });
});

async function configured() {
  const clock = new ManualClock();
  const source = new MemoryConfigSource(clock, {
    "*/*/*": { retry: { dark: true } },
    "feed/history/Get": { retry: { triesMax: 3 } },
  });
  const config = new LiveConfig({ sources: [source], schemas: [SCHEMA], clock });
  config.options(SCHEMA, { triesMax: 1, dark: false });
  await config.start(createContext({ clock }));
  const fixture = await started({}, { config });
  return { fixture, source };
}

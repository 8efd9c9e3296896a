/**
 * Any JSON in the place of any part of a health answer gives instances that can be called, or one
 * error that says where it is wrong. `npm run fuzz` runs it.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "@holdfast/core";
import { readHealth } from "./health.ts";

const RUNS = 20_000;

/** Every field may be missing. */
const ANY_KEYS = { requiredKeys: [] as [] };

/** A part as Consul sends it, or anything. */
function orAny<Value>(likely: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: likely, weight: 6 }, { arbitrary: fc.jsonValue(), weight: 1 });
}

const status = orAny(fc.constantFrom("passing", "warning", "critical"));
const meta = orAny(fc.dictionary(fc.constantFrom("zone", "__proto__", "x"), orAny(fc.string())));
const entry = fc.record(
  {
    Node: orAny(
      fc.record({ Node: orAny(fc.string()), Address: orAny(fc.string()), Meta: meta }, ANY_KEYS),
    ),
    Service: orAny(
      fc.record(
        {
          ID: orAny(fc.oneof(fc.string(), fc.constant("web@one"), fc.constant("web@"))),
          Address: orAny(fc.string()),
          SocketPath: orAny(fc.constantFrom("", "/run/web.sock")),
          Port: orAny(fc.integer({ min: -1, max: 70_000 })),
          Tags: orAny(fc.array(orAny(fc.string()))),
          Weights: orAny(fc.record({ Passing: orAny(fc.double()), Warning: orAny(fc.nat()) })),
          Meta: meta,
        },
        ANY_KEYS,
      ),
    ),
    Checks: orAny(fc.array(orAny(fc.record({ Status: status })))),
  },
  ANY_KEYS,
);

it("any JSON gives instances that can be called, or one clear error", () => {
  fc.assert(
    fc.property(orAny(fc.array(orAny(entry))), (json) => {
      checkAnswer(JSON.stringify(json));
    }),
    { numRuns: RUNS },
  );
});

it("any text does", () => {
  fc.assert(
    fc.property(fc.string(), (text) => checkAnswer(text)),
    { numRuns: RUNS },
  );
});

function checkAnswer(text: string): void {
  let answer: ReturnType<typeof readHealth>;
  try {
    answer = readHealth(text, { service: "web", zoneMetaKey: "zone" });
  } catch (error) {
    assert.ok(error instanceof ServiceError && error.code === "protocol", String(error));
    assert.match(error.message, /^the list of instances/);
    return;
  }
  for (const [id, { instance }] of answer.entries) {
    assert.equal(id, instance.id);
    assert.ok(instance.weight >= 0 && instance.weight <= 1_000, `weight ${instance.weight}`);
    assert.equal(typeof instance.zone, "string");
    assert.ok(instance.tags.every((tag) => typeof tag === "string"));
    const { address } = instance;
    assert.ok(address.kind === "unix" ? address.path !== "" : isPort(address.port));
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65_535;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "@holdfast/core";
import { readHealth } from "./health.ts";
import { healthEntry } from "./testing/scripted-transport.ts";

const HOW = { service: "web", zoneMetaKey: "zone" };

function read(...entries: readonly object[]) {
  return [...readHealth(JSON.stringify(entries), HOW).entries.values()];
}

function onService(more: object): object {
  const entry = healthEntry("web", "one", "passing") as { Service: object };
  return { ...entry, Service: { ...entry.Service, ...more } };
}

describe("what Consul says of a service's health", () => {
  it("is read into instances, with the worst of the checks", () => {
    const [one, two] = read(
      healthEntry("web", "two", "passing", "warning", "passing"),
      healthEntry("web", "one", "warning", "critical"),
    );
    assert.equal(one?.status, "critical");
    assert.equal(two?.status, "warning");
    assert.deepEqual(two.instance, {
      id: "two",
      address: { kind: "tcp", host: "10.0.0.1", port: 4001 },
      weight: 2,
      zone: "east",
      tags: [],
    });
  });

  it("prefers what the service says to what its node says", () => {
    const more = { Address: "10.9.9.9", Meta: { zone: "west" }, Tags: ["blue"] };
    const [{ instance } = assert.fail()] = read(onService(more));
    assert.deepEqual(instance.address, { kind: "tcp", host: "10.9.9.9", port: 4001 });
    assert.equal(instance.zone, "west");
    assert.deepEqual(instance.tags, ["blue"]);
  });

  it("has the path of a Unix socket, and weights within their range", () => {
    const more = { SocketPath: "/run/web.sock", Weights: { Passing: 65_535, Warning: 1 } };
    const [{ instance } = assert.fail()] = read(onService(more));
    assert.deepEqual(instance.address, { kind: "unix", path: "/run/web.sock" });
    assert.equal(instance.weight, 1_000);
  });

  it("gives those that others registered an id that is unique in all of Consul", () => {
    assert.equal(read(onService({ ID: "web-1" }))[0]?.instance.id, "node/web-1");
  });

  it("takes the healthiest of two registrations of one instance", () => {
    const entries = read(
      healthEntry("web", "one", "critical"),
      healthEntry("web", "one", "passing"),
    );
    assert.deepEqual(
      entries.map(({ status }) => status),
      ["passing"],
    );
  });

  it("leaves out what has no port, and counts it", () => {
    const text = JSON.stringify([onService({ Port: 0 }), healthEntry("web", "two", "passing")]);
    const { entries, withoutPort } = readHealth(text, HOW);
    assert.deepEqual([...entries.keys()], ["two"]);
    assert.equal(withoutPort, 1);
  });

  it("trusts no status that it does not know", () => {
    assert.equal(read(healthEntry("web", "one", "splendid"))[0]?.status, "critical");
  });

  for (const [text, message] of [
    ["<html>", "the list of instances is no JSON"],
    ["{}", "the list of instances: the list is not an array"],
    ["[7]", "the list of instances: [0] is not an object"],
    ['[{"Service":{"Port":"80"}}]', "the list of instances: [0].Service.Port is not a number"],
    [
      '[{"Node":{"Address":"a"},"Service":{"Port":70000}}]',
      "the list of instances: [0].Service.Port is not a port",
    ],
    ['[{"Checks":{}}]', "the list of instances: [0].Checks is not an array"],
    [
      '[{"Node":{"Address":"a"},"Service":{"Port":1,"Tags":[1]}}]',
      "the list of instances: [0].Service.Tags[0] is not a text",
    ],
  ] as const) {
    it(`says where ${text} is wrong`, () => {
      assert.throws(() => readHealth(text, HOW), { code: "protocol", message });
    });
  }

  it("gives a list or one of our errors, whatever JSON comes", () => {
    fc.assert(fc.property(fc.json(), (text) => givesListOrError(text)));
  });
});

function givesListOrError(text: string): void {
  try {
    assert.ok(readHealth(text, HOW).entries.size >= 0);
  } catch (error) {
    assert.ok(error instanceof ServiceError && error.code === "protocol", String(error));
  }
}

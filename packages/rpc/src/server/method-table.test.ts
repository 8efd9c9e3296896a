import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CallRecords, ManualClock, RequestIds, SeededRandom, StatsRegistry } from "@holdfast/core";
import { Probe } from "../testing/gen/probe.ts";
import { MethodTable, ServerMethod } from "./method-table.ts";

/** Alike in length, and in the first, the middle and the last letter. */
const ALIKE = ["getXbyYz", "getAbyBz", "gotXbyYz", "getXbyZz"];
const NAMES = [...ALIKE, "p", "pp", "ppp", "getXbyYzs", "é"];

function tableOf(names: readonly string[]): MethodTable<never> {
  const clock = new ManualClock();
  const requestIds = new RequestIds(new SeededRandom(1));
  const records = new CallRecords({ clock, requestIds });
  const stats = new StatsRegistry();
  const definition = Probe.methods[0]! as unknown as ServerMethod["definition"];
  return new MethodTable(
    names.map((name) => new ServerMethod({ ...definition, name }, "Probe", stats, records)),
  );
}

function find(table: MethodTable<never>, name: string): string | undefined {
  // Somewhere in the middle of a frame.
  const bytes = Buffer.concat([Buffer.from("xx"), Buffer.from(name), Buffer.from("yyyy")]);
  return table.find(bytes, 2, bytes.length - 4)?.definition.name;
}

describe("the table of methods", () => {
  it("finds each by the bytes of its name, in any order, again and again", () => {
    const table = tableOf(NAMES);
    for (let round = 0; round < 3; round++) {
      for (const name of [...NAMES, ...NAMES.toReversed()]) assert.equal(find(table, name), name);
    }
  });

  it("finds nothing else, whatever was found before", () => {
    const table = tableOf(NAMES);
    for (const name of NAMES) {
      assert.equal(find(table, name), name);
      for (const other of ["", "g", "getXbyYq", "P", "pppp", `${name}\0`, name.slice(1)]) {
        if (!NAMES.includes(other)) assert.equal(find(table, other), undefined, other);
      }
    }
  });

  it("finds nothing in a service without methods", () => {
    assert.equal(find(tableOf([]), "p"), undefined);
  });
});

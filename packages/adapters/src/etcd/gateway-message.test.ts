import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { encodeText, rangeEndOf, readRange, readWatchLine } from "./gateway-message.ts";
import { LineSplitter } from "./line-splitter.ts";

describe("the end of a prefix", () => {
  it("is the first key behind all that begin with it", () => {
    const end = (prefix: Buffer | string): string => {
      return Buffer.from(rangeEndOf(String(prefix)), "base64").toString("latin1");
    };
    assert.equal(end("/holdfast/config/"), "/holdfast/config0");
    assert.equal(end("a"), "b");
    assert.equal(end(""), "\0");
  });
});

describe("what the gateway says", () => {
  it("is read with what it leaves out", () => {
    assert.deepEqual(readRange({ header: { revision: "7", cluster_id: "9" } }), {
      revision: 7,
      clusterId: "9",
      keyValues: [],
      count: 0,
    });
    const kv = { key: encodeText("ä"), mod_revision: "3" };
    assert.deepEqual(readRange({ header: {}, kvs: [kv], count: "1" }).keyValues, [
      { key: "ä", value: "", modRevision: 3 },
    ]);
  });

  it("is read line by line in a watch", () => {
    const read = (result: object) => readWatchLine(JSON.stringify({ result }));
    assert.deepEqual(read({ created: true }), { kind: "created" });
    assert.deepEqual(read({ canceled: true, compact_revision: "5" }), {
      kind: "compacted",
      revision: 5,
    });
    const reason = "rpc error: code = PermissionDenied";
    assert.deepEqual(read({ created: true, canceled: true, cancel_reason: reason }), {
      kind: "ended",
      reason,
    });
    assert.deepEqual(readWatchLine('{"error": {"message": "no leader"}}'), {
      kind: "ended",
      reason: "no leader",
    });
    const kv = { key: encodeText("k"), mod_revision: "3" };
    const message = read({ events: [{ kv }, { type: "DELETE", kv }] });
    assert.ok(message.kind === "events");
    assert.deepEqual(
      message.events.map(({ kind }) => kind),
      ["put", "delete"],
    );
  });

  it("is refused when etcd would not say it", () => {
    for (const line of ["", "{", "1", "{}", '{"result": []}', '{"result": {"events": {}}}']) {
      assert.throws(
        () => readWatchLine(line),
        (error) => error instanceof ServiceError && error.code === "protocol",
        line,
      );
    }
    assert.throws(() => readRange({ header: { revision: "x" } }), /revision is no number/);
    assert.throws(() => readRange({ header: { revision: "9007199254740993" } }), ServiceError);
  });
});

describe("lines", () => {
  it("come whole, in whatever pieces their bytes come", () => {
    const bytes = Buffer.from('{"a":"ä"}\n\n{"b":1}\nrest');
    for (let size = 1; size <= bytes.length; size++) {
      const lines: string[] = [];
      const splitter = new LineSplitter(100, (line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
      assert.deepEqual(lines, ['{"a":"ä"}', '{"b":1}']);
    }
  });

  it("may not be longer than they may", () => {
    const splitter = new LineSplitter(5, () => undefined);
    splitter.push(Buffer.from("12345\n1234"));
    splitter.push(Buffer.from("5"));
    assert.throws(() => splitter.push(Buffer.from("6")), /more than 5 bytes/);
  });
});

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock, SeededRandom, silentLogger } from "holdfast";
import { Supervisor } from "./supervisor.ts";
import { openWorkerChannel, type WorkerProcess } from "./worker-channel.ts";
import {
  readWorkerMessage,
  readWorkerStart,
  SUPERVISED_VARIABLE,
  type WorkerMessage,
} from "./worker-protocol.ts";

const START = { protocol: 1, generation: 3, listeners: { ssh: 4, ops: 5 } };

describe("the channel of a worker", () => {
  it("is not there without a supervisor", () => {
    assert.equal(openWorkerChannel(worker(undefined).process), undefined);
  });

  it("has the sockets by their names, and leaves nothing in the environment", () => {
    const { process } = worker(JSON.stringify(START));
    const channel = openWorkerChannel(process)!;
    assert.equal(channel.generation, 3);
    assert.equal(channel.fileDescriptor("ops"), 5);
    assert.throws(() => channel.fileDescriptor("http"), {
      code: "invalid",
      message: "the supervisor has no socket http; it has ssh, ops",
    });
    assert.deepEqual(process.env, {});
  });

  it("refuses a supervisor of another protocol, and tells it", () => {
    for (const text of ["", "null", "{", "{}", JSON.stringify({ ...START, protocol: 2 })]) {
      const { process, sent } = worker(text);
      assert.throws(() => openWorkerChannel(process), { code: "invalid" });
      assert.equal(sent[0]?.kind, "failed");
    }
    const bad = { ...START, listeners: { ssh: 1 } };
    assert.throws(() => openWorkerChannel(worker(JSON.stringify(bad)).process));
  });

  it("says what the supervisor can read, and nothing when it has gone", async () => {
    const { process, sent } = worker(JSON.stringify(START));
    const channel = openWorkerChannel(process)!;
    await channel.ready({ ops: "http://127.0.0.1:1" });
    await channel.failed("why");
    await channel.leaving("why");
    await channel.drainAll("why");
    assert.deepEqual(sent.map(readWorkerMessage), sent);
    assert.equal(sent.length, 4);
    let gone = 0;
    channel.onSupervisorGone(() => gone++);
    process.connected = false;
    process.emit("disconnect");
    await channel.ready();
    assert.equal(sent.length, 4);
    assert.equal(gone, 1);
    channel.onSupervisorGone(() => gone++);
    assert.equal(gone, 2);
  });
});

describe("what a supervisor reads of a worker", () => {
  it("ignores what it does not know, and keeps little of what is long", () => {
    for (const message of [undefined, null, 5, "ready", {}, { kind: "other" }]) {
      assert.equal(readWorkerMessage(message), undefined);
    }
    const info = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [index, "x"]));
    const ready = readWorkerMessage({ kind: "ready", info: { ...info, 0: "x".repeat(9_999) } });
    assert.ok(ready?.kind === "ready");
    assert.equal(Object.keys(ready.info).length, 16);
    assert.equal(ready.info["0"]!.length, 400);
    const odd = { kind: "failed", reason: { toString: 0 } };
    assert.deepEqual(readWorkerMessage(odd), { kind: "failed", reason: '{"toString":0}' });
    assert.deepEqual(readWorkerMessage({ kind: "ready" }), { kind: "ready", info: {} });
  });
});

describe("what is read of either side", () => {
  it("is of the shape that it should have, whatever was sent", () => {
    const kinds = fc.constantFrom("ready", "failed", "leaving", "drain", "other");
    fc.assert(
      fc.property(kinds, fc.jsonValue(), (kind, value) => {
        const message = readWorkerMessage({ kind, info: value, reason: value });
        assert.equal(message === undefined, kind === "other");
        if (message?.kind === "ready") {
          assert.ok(Object.values(message.info).every((each) => typeof each === "string"));
        } else if (message !== undefined) assert.ok(message.reason.length <= 400);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (listeners) => {
        const start = readWorkerStart(JSON.stringify({ ...START, listeners }));
        if (start === undefined) return;
        assert.ok(Object.values(start.listeners).every((each) => each >= 3));
      }),
    );
  });
});

describe("a supervisor whose program is not there", () => {
  it("says so, and ends", async () => {
    const supervisor = new Supervisor({
      program: { command: "/nowhere/to/be/found", args: [], environment: {} },
      listen: { echo: { kind: "tcp", host: "127.0.0.1", port: 0 } },
      clock: new ManualClock(),
      random: new SeededRandom(1),
      logger: silentLogger,
    });
    await supervisor.bind();
    await assert.rejects(supervisor.start(), {
      code: "unavailable",
      message: "the worker did not start: it could not be started (ENOENT)",
    });
    assert.equal(await supervisor.ended, 0);
  });

  it("starts nothing when it was told to end before", async () => {
    const supervisor = new Supervisor({
      program: { command: "/nowhere/to/be/found", args: [], environment: {} },
      listen: {},
      clock: new ManualClock(),
      random: new SeededRandom(1),
      logger: silentLogger,
    });
    await supervisor.bind();
    supervisor.stop("SIGTERM");
    await assert.rejects(supervisor.start(), /the worker did not start: the supervisor is ending/);
    assert.equal(await supervisor.ended, 0);
    assert.equal((await supervisor.upgradeNow()).kind, "refused");
  });

  it("says which address it cannot have", async () => {
    const supervisor = new Supervisor({
      program: { command: "/nowhere/to/be/found", args: [], environment: {} },
      listen: {
        good: { kind: "tcp", host: "127.0.0.1", port: 0 },
        bad: { kind: "tcp", host: "192.0.2.1", port: 22 },
      },
      clock: new ManualClock(),
      random: new SeededRandom(1),
      logger: silentLogger,
    });
    await assert.rejects(supervisor.bind(), {
      code: "unavailable",
      message: "192.0.2.1:22 cannot be listened on: this machine does not have the address",
    });
    assert.equal(supervisor.addresses.size, 0);
  });
});

class StandInProcess extends EventEmitter implements WorkerProcess {
  connected = true;
  readonly env: Record<string, string | undefined>;
  readonly sent: WorkerMessage[] = [];

  constructor(env: Record<string, string | undefined>) {
    super();
    this.env = env;
  }

  send = (
    message: WorkerMessage,
    _handle: undefined,
    _options: undefined,
    sent: (error: Error | null) => void,
  ): boolean => {
    this.sent.push(message);
    sent(null);
    return true;
  };

  exit(): void {
    assert.fail("nobody asked for it");
  }
}

function worker(text: string | undefined) {
  const env = text === undefined ? {} : { [SUPERVISED_VARIABLE]: text };
  const process = new StandInProcess(env);
  return { process, sent: process.sent };
}

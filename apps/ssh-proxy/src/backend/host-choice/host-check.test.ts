import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "holdfast";
import { HostCheck, type HostCheckResult } from "./host-check.ts";
import { type HostScript, ScriptedNetwork, WELL } from "./testing/scripted-network.ts";

const ADDRESS = { kind: "tcp", host: "10.0.0.1", port: 22 } as const;

interface Looked {
  readonly network: ScriptedNetwork;
  readonly clock: ManualClock;
  readonly check: HostCheck;
  readonly result: HostCheckResult | undefined;
}

async function look(script: HostScript, advanceMs = 0): Promise<Looked> {
  const network = new ScriptedNetwork();
  const clock = new ManualClock();
  network.hosts.set("10.0.0.1:22", script);
  const check = new HostCheck({ network, clock, address: ADDRESS, timeoutMs: 2_000 });
  let result: HostCheckResult | undefined;
  void check.result.then((found) => {
    result = found;
  });
  await clock.advanceAndSettle(advanceMs);
  return { network, clock, check, result };
}

describe("a look at a host", () => {
  for (const says of [
    "SSH-2.0-OpenSSH_9.2p1\r\n",
    "SSH-1.99-old\n",
    "Welcome!\r\nSSH-2.0-x\r\n",
    Array.from("SSH-2.0-OpenSSH_9.2p1\r\n"),
    `SSH-2.0-x\r\n${"k".repeat(20_000)}`,
  ]) {
    it(`finds it well: ${JSON.stringify(says).slice(0, 40)}`, async () => {
      const { result } = await look({ says });
      assert.equal(result?.kind, "well");
    });
  }

  it("says who looked, and is over when the host has closed", async () => {
    const { network, clock, result } = await look(WELL);
    assert.deepEqual(result, { kind: "well", ident: "SSH-2.0-OpenSSH_9.2p1" });
    const [socket] = network.sockets;
    assert.equal(socket!.written, "SSH-2.0-holdfast_check\r\n");
    assert.deepEqual([socket!.ended, socket!.closed], [true, false]);
    socket!.hangUp();
    await clock.advanceAndSettle(0);
    assert.deepEqual([network.openCount, clock.scheduledCount], [0, 0]);
  });

  it("leaves a host that does not close when its time is over", async () => {
    const { network, clock } = await look(WELL, 2_000);
    assert.deepEqual([network.openCount, clock.scheduledCount], [0, 0]);
  });

  for (const [script, why, afterMs] of [
    ["refuse", "10.0.0.1:22 refused the connection", 0],
    ["hang", "it said nothing of SSH within 2000 ms", 2_000],
    [{ says: "" }, "it said nothing of SSH within 2000 ms", 2_000],
    [{ says: "SSH-2.0-x" }, "it said nothing of SSH within 2000 ms", 2_000],
    [{ says: "", closes: true }, "it closed without a word", 0],
    [{ says: "HTTP/1.1 400 Bad Request\r\n", closes: true }, "it speaks, but not SSH", 0],
    [{ says: "x".repeat(8_193) }, "it speaks, but not SSH", 0],
    [{ says: `SSH-2.0-${"x".repeat(9_000)}\r\n` }, "it speaks, but not SSH", 0],
    [{ says: "SSH-1.5-old\r\n", closes: true }, "it speaks, but not SSH", 0],
  ] as const) {
    const name = typeof script === "string" ? script : JSON.stringify(script).slice(0, 40);
    it(`finds it ill, and leaves nothing: ${name}`, async () => {
      const { network, clock, result } = await look(script, afterMs);
      assert.deepEqual(result, { kind: "ill", why });
      assert.deepEqual([network.openCount, clock.scheduledCount], [0, 0]);
    });
  }

  it("shows what the host says harmlessly", async () => {
    const { result } = await look({ says: "SSH-2.0-\u001b[31m\r\n" });
    assert.deepEqual(result, { kind: "well", ident: "SSH-2.0-\\u001b[31m" });
  });

  it("can be ended at any time", async () => {
    for (const script of ["hang", { says: "" }, WELL] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const { network, clock, check } = await look(script);
      check.stop();
      // oxlint-disable-next-line no-await-in-loop
      await clock.advanceAndSettle(0);
      assert.deepEqual([network.openCount, clock.scheduledCount], [0, 0]);
    }
  });
});

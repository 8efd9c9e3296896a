import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeDrop, type Handshake, type Ticket } from "./admission.ts";
import type { AdmissionOptionsInput } from "./front-options.ts";
import { Front, host, settled } from "./testing/front.ts";

describe("the places of key exchanges", () => {
  const LIMITS = { handshakesPerCoreMax: 2, handshakesWaitingMax: 2 };

  it("are given in the order in which they were asked for", async () => {
    const { begun, acquire, front } = watched(LIMITS);
    const [first, second] = [acquire("a"), acquire("b")];
    acquire("c");
    acquire("d");
    await settled();
    assert.deepEqual(begun, ["a", "b"]);
    assert.equal(front.admission.snapshot().handshakesWaiting, 2);
    (await granted(second)).release();
    await settled();
    assert.deepEqual(begun, ["a", "b", "c"]);
    (await granted(first)).release();
    await settled();
    assert.deepEqual(begun, ["a", "b", "c", "d"]);
  });

  it("drop who finds too many waiting", async () => {
    const { acquire } = watched(LIMITS);
    for (const name of ["a", "b", "c", "d"]) void acquire(name);
    const drop = await acquire("e").outcome;
    assert.ok(drop.kind === "drop");
    assert.equal(describeDrop(drop), "2 wait for a key exchange, at most 2");
  });

  it("go on to the next when the connection closes, waiting or not", async () => {
    const { begun, acquire, front } = watched(LIMITS);
    const [first, , third, fourth] = ["a", "b", "c", "d"].map(acquire);
    third!.ticket.closed();
    assert.deepEqual(await third!.outcome, { kind: "closed" });
    first!.ticket.closed();
    await fourth!.outcome;
    assert.deepEqual(begun, ["a", "b", "d"]);
    const closed = front.ticket(host(9));
    closed.closed();
    assert.deepEqual(await closed.acquireHandshake(), { kind: "closed" });
  });

  it("are taken back from who holds them for a second while others wait", async () => {
    const { begun, acquire, front } = watched(LIMITS);
    acquire("a");
    front.clock.advance(400);
    acquire("b");
    const late = acquire("c");
    acquire("d");
    front.clock.advance(599);
    await settled();
    assert.deepEqual(begun, ["a", "b"]);
    front.clock.advance(1);
    await settled();
    assert.deepEqual(begun, ["a", "b", "c"]);
    front.clock.advance(400);
    await settled();
    assert.deepEqual(begun, ["a", "b", "c", "d"]);
    const { handshakesRunning } = front.admission.snapshot();
    assert.equal(handshakesRunning, 2);
    (await granted(late)).release();
    (await granted(late)).release();
    assert.equal(front.admission.snapshot().handshakesRunning, 1);
    assert.equal(front.clock.scheduledCount, 0);
  });

  it("are taken back one for each who waits", async () => {
    const { begun, acquire, front } = watched(LIMITS);
    for (const name of ["a", "b", "c"]) acquire(name);
    front.clock.advance(1_000);
    await settled();
    assert.deepEqual(begun, ["a", "b", "c"]);
    assert.equal(front.admission.snapshot().handshakesRunning, 2);
    for (const family of front.stats.families()) {
      if (family.name !== "ssh_proxy_handshakes_overdue") continue;
      const values = [...family].map(({ metric }) => "value" in metric && metric.value);
      assert.deepEqual(values, [1]);
    }
  });

  it("stay with who holds them while nobody waits, without a timer", async () => {
    const { begun, acquire, front } = watched(LIMITS);
    acquire("a");
    acquire("b");
    front.clock.advance(60_000);
    assert.equal(front.admission.snapshot().handshakesRunning, 2);
    assert.equal(front.clock.scheduledCount, 0);
    acquire("c");
    front.clock.advance(1);
    await settled();
    assert.deepEqual(begun, ["a", "b", "c"]);
  });

  it("are asked for once by a connection", async () => {
    const { acquire } = watched(LIMITS);
    const first = acquire("a");
    await assert.rejects(first.ticket.acquireHandshake(), /once/);
  });
});

interface Asked {
  readonly ticket: Ticket;
  readonly outcome: Promise<Handshake>;
}

function watched(options: AdmissionOptionsInput) {
  const front = new Front(options);
  const begun: string[] = [];
  let count = 0;
  const acquire = (name: string): Asked => {
    const ticket = front.ticket(host(++count));
    const outcome = ticket.acquireHandshake();
    void outcome.then(({ kind }) => kind === "granted" && begun.push(name));
    return { ticket, outcome };
  };
  return { front, begun, acquire };
}

async function granted({ outcome }: Asked): Promise<{ release: () => void }> {
  const handshake = await outcome;
  assert.ok(handshake.kind === "granted");
  return handshake;
}

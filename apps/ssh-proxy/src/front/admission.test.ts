import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "holdfast";
import { describeDrop } from "./admission.ts";
import { earlyDropProbability } from "./early-drop.ts";
import { completeFrontOptions } from "./front-options.ts";
import { Front, host } from "./testing/front.ts";

describe("the admission of connections", () => {
  it("ends at 10 of one source that have not logged in, and says so", () => {
    const front = new Front();
    const tickets = Array.from({ length: 10 }, () => front.ticket("[2001:db8::1]:1"));
    const drop = front.drop("[2001:db8::2]:1");
    const numbers = { limit: 10, count: 10 };
    assert.deepEqual(drop, { kind: "drop", reason: "source", source: "2001:db8::/64", ...numbers });
    assert.equal(describeDrop(drop), "10 of 2001:db8::/64 have not logged in, at most 10");
    front.ticket("[2001:db8:0:1::1]:1");
    tickets[0]!.authenticated();
    front.ticket("[2001:db8::3]:1");
  });

  it("ends at 100 that have not logged in, whoever they are", () => {
    const front = new Front();
    const tickets = Array.from({ length: 100 }, (_, index) => front.ticket(host(index)));
    const drop = front.drop(host(100));
    assert.equal(drop.reason, "unauthenticated");
    assert.equal(describeDrop(drop), "100 have not logged in, at most 100");
    tickets[50]!.closed();
    front.ticket(host(100));
  });

  it("ends at the number of connections, logged in or not, for exempt sources too", () => {
    const limits = { connectionsMax: 3, unauthenticatedMax: 3, unauthenticatedPerSourceMax: 3 };
    const front = new Front({ ...limits, exempt: ["192.0.2.0/24"] });
    const tickets = [0, 1, 2].map((index) => front.ticket(host(index)));
    for (const one of tickets) one.authenticated();
    const drop = front.drop("192.0.2.1:1");
    assert.equal(describeDrop(drop), "3 connections are open, at most 3");
    tickets[0]!.closed();
    front.ticket("192.0.2.1:1");
  });

  it("drops by a coin from 50 on", () => {
    const front = new Front();
    front.coin = 0;
    for (let index = 0; index < 50; index++) front.ticket(host(index));
    const drop = front.drop(host(50));
    assert.deepEqual(drop, {
      ...{ kind: "drop", reason: "early", source: "10.0.50.1", limit: 100, count: 50 },
      probability: 0.3,
    });
    assert.equal(describeDrop(drop), "50 of 100 have not logged in: 30 % are dropped");
    front.coin = 0.3;
    front.ticket(host(51));
  });

  it("throws the coin fairly", () => {
    const front = new Front({}, new SeededRandom(7));
    for (let index = 0; front.admission.snapshot().unauthenticated < 75; index++) {
      front.admission.admit(host(index));
    }
    let dropped = 0;
    for (let index = 0; index < 10_000; index++) {
      const answer = front.admission.admit(host(index + 1_000));
      if (answer.kind === "ticket") answer.closed();
      else dropped++;
    }
    assert.ok(Math.abs(dropped - 6_500) < 200, `${dropped} of 10,000 at 65 %`);
  });

  it("keeps out who has a penalty, until it is over", () => {
    const front = new Front();
    const ticket = front.ticket(host(1));
    ticket.penalise("crash");
    const drop = front.drop(host(1));
    assert.deepEqual(drop, {
      ...{ kind: "drop", reason: "penalty", source: "10.0.1.1", penalty: "crash" },
      remainingMs: 90_000,
    });
    assert.equal(describeDrop(drop), "10.0.1.1 has a penalty for 90 s more, the last for crash");
    front.ticket(host(2));
    front.clock.advance(90_000);
    front.ticket(host(1));
  });

  it("neither drops nor penalises nor counts who is exempt", () => {
    const front = new Front({ exempt: ["10.0.0.0/24", "unix"] });
    front.coin = 0;
    const tickets = Array.from({ length: 300 }, () => front.ticket("10.0.0.9:1"));
    front.ticket("unix:/run/a.sock");
    assert.ok(tickets.every(({ exempt }) => exempt));
    tickets[0]!.penalise("crash");
    assert.equal(front.penalties.snapshot().sources, 0);
    front.ticket("10.0.0.9:1");
    assert.deepEqual(front.counts, [302, 0, 0]);
    assert.equal(front.admission.snapshot().unauthenticatedExempt, 302);
    front.ticket(host(1));
    for (const one of tickets) one.closed();
    assert.equal(front.admission.snapshot().unauthenticatedExempt, 2);
  });

  it("counts every drop by its reason, and shows what is open", () => {
    const front = new Front({ unauthenticatedPerSourceMax: 1 });
    front.ticket(host(1)).authenticated();
    front.ticket(host(1));
    front.drop(host(1));
    front.drop(host(1));
    assert.equal(front.admission.snapshot().dropped.source, 2);
    const shown = [...front.stats.families()].flatMap((family) =>
      [...family].map(({ labelValues, metric }) => {
        const value = "value" in metric ? metric.value : NaN;
        return `${family.name}{${labelValues.join()}} ${value}`;
      }),
    );
    for (const line of [
      "ssh_proxy_connections_dropped{source} 2",
      "ssh_proxy_connections_dropped{penalty} 0",
      "ssh_proxy_connections_admitted{} 2",
      "ssh_proxy_connections{unauthenticated} 1",
      "ssh_proxy_connections{authenticated} 1",
      "ssh_proxy_handshakes{waiting} 0",
    ]) {
      assert.ok(shown.includes(line), `${line} in\n${shown.join("\n")}`);
    }
  });
});

describe("the probability of an early drop", () => {
  const options = completeFrontOptions().admission;
  const probability = (count: number): number => earlyDropProbability(options, count);

  it("is 0 below half, 30 % there, and rises evenly to 1", () => {
    assert.deepEqual([0, 49, 50, 100, 200].map(probability), [0, 0, 0.3, 1, 1]);
    assert.equal(probability(75).toFixed(6), "0.650000");
  });

  it("never falls, and is one, for any limits", () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), ratio, ratio, (max, from, rate) => {
        const given = { unauthenticatedMax: max, earlyDropFromRatio: from, earlyDropRatio: rate };
        let before = 0;
        for (let count = 0; count <= max; count++) {
          const now = earlyDropProbability(given, count);
          assert.ok(now >= before && now <= 1 + 1e-9, `${now} at ${count}`);
          before = now;
        }
        assert.equal(before, 1);
      }),
    );
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ManualClock, MemoryLogger, type Resolution, SeededRandom } from "@holdfast/core";
import type { ConsulResolverOptions } from "./resolver-options.ts";
import { ConsulResolver } from "./resolver.ts";
import { healthEntry, ScriptedTransport } from "./testing/scripted-transport.ts";

const ONE = [healthEntry("web", "one", "passing")];
const TWO = [healthEntry("web", "one", "passing"), healthEntry("web", "two", "passing")];

describe("a Consul resolver", () => {
  let clock: ManualClock;
  let logger: MemoryLogger;
  let transport: ScriptedTransport;
  let resolver: ConsulResolver;
  let heard: Resolution[];

  beforeEach(() => {
    clock = new ManualClock();
    logger = new MemoryLogger();
    transport = new ScriptedTransport();
    heard = [];
  });
  afterEach(async () => {
    resolver.close();
    await clock.advanceAndSettle(0);
    assert.equal(clock.scheduledCount, 0, "no timer is left");
    assert.ok(
      transport.requests.every(({ isOpen }) => !isOpen),
      "no request is left",
    );
  });

  function watch(options: Partial<ConsulResolverOptions> = {}): void {
    resolver = new ConsulResolver({
      runtime: { clock, logger, random: new SeededRandom(7) },
      options: { addresses: ["10.0.0.1:8500"], ...options },
      openTransport: transport.open,
    });
    resolver.watch("web", (resolution) => heard.push(resolution));
  }

  /** Answers the question that waits, and goes on to the next one. */
  async function answer(status: number, body: unknown, index: number, more = {}): Promise<void> {
    transport.next.answer(status, body, { "x-consul-index": String(index), ...more });
    await clock.advanceAndSettle(0);
  }

  /** Until there is a question again; how long that took. */
  async function untilAsked(): Promise<number> {
    const startMs = clock.nowMs();
    while (transport.requests.at(-1)?.isOpen !== true) await clock.advanceAndSettle(1);
    return clock.nowMs() - startMs;
  }

  function ids(): string[] {
    return heard.map(({ instances }) => instances.map(({ id }) => id).join());
  }

  it("asks at once, and then lets Consul hold the question back", async () => {
    watch({ datacenter: "dc2", tags: ["a b", "c"], staleReads: true, token: "secret" });
    const first = transport.next;
    assert.equal(first.path, "/v1/health/service/web?dc=dc2&tag=a%20b&tag=c&stale=");
    assert.equal(first.headers["x-consul-token"], "secret");
    await answer(200, ONE, 5);
    await untilAsked();
    assert.equal(transport.next.query.get("index"), "5");
    const waitMs = Number(/^(\d+)ms$/.exec(transport.next.query.get("wait")!)?.[1]);
    assert.ok(waitMs > 22_000 && waitMs <= 30_000, `waits ${waitMs}`);
    assert.deepEqual(ids(), ["one"]);
  });

  it("asks each time with a token that may have changed", async () => {
    let token = "first";
    watch({ token: () => token });
    assert.equal(transport.next.headers["x-consul-token"], "first");
    token = "second";
    await answer(200, ONE, 5);
    await untilAsked();
    assert.equal(transport.next.headers["x-consul-token"], "second");
  });

  it("says nothing when nothing changed, and knows that it was confirmed", async () => {
    watch();
    const seen = resolver.watch("web", () => undefined);
    await answer(200, ONE, 5);
    await untilAsked();
    clock.advance(20_000);
    await answer(200, ONE, 6);
    assert.deepEqual(ids(), ["one"]);
    assert.equal(seen.current?.confirmedMs, clock.nowMs());
    assert.equal(seen.current.instances, heard[0]?.instances, "the same list");
  });

  it("asks anew without an index when it went back", async () => {
    watch();
    await answer(200, TWO, 500);
    await untilAsked();
    await answer(200, ONE, 3);
    await untilAsked();
    assert.equal(transport.next.query.get("index"), null);
    assert.deepEqual(
      ids(),
      ["one,two", "one,two"],
      "what a restored Consul has not heard of stays",
    );
    assert.match(heard[1]?.stale ?? "", /stopped vouching for 1 of 2/);
    await answer(200, ONE, 3);
    await untilAsked();
    // It is asked again when the doubt is over, not when the wait is.
    const waitMs = parseInt(transport.next.query.get("wait")!, 10);
    assert.ok(waitMs < 30_000);
    await clock.advanceAndSettle(30_000);
    await answer(200, ONE, 3);
    assert.equal(ids().at(-1), "one");
    assert.equal(heard.at(-1)?.stale, undefined);
  });

  it("asks no faster than it may, however fast Consul changes", async () => {
    watch({ queryIntervalMinMs: 200 });
    for (let index = 1; index <= 50; index++) {
      await untilAsked();
      await answer(200, index % 2 === 0 ? ONE : TWO, index);
    }
    assert.ok(clock.nowMs() >= 49 * 200, `50 answers in ${clock.nowMs()} ms`);
  });

  it("asks ever slower when Consul answers at once and nothing is new", async () => {
    watch({ queryIntervalMinMs: 200, backoffMaxMs: 10_000 });
    await answer(200, ONE, 5);
    const pauses: number[] = [];
    for (let times = 0; times < 12; times++) {
      pauses.push(await untilAsked());
      await answer(200, ONE, 5);
    }
    assert.ok(pauses.at(-1)! >= 5_000 && pauses.at(-1)! <= 10_001, pauses.join());
  });

  it("keeps its list through an outage, tries ever slower, and tells of both ends", async () => {
    watch({ backoffMinMs: 100, backoffMaxMs: 10_000 });
    await answer(200, ONE, 5);
    const { confirmedMs } = heard[0]!;
    const pauses: number[] = [];
    for (let times = 0; times < 12; times++) {
      pauses.push(await untilAsked());
      transport.next.fail(`refused ${times}`);
      await clock.advanceAndSettle(0);
    }
    assert.ok(
      pauses.slice(-3).every((each) => each >= 5_000 && each <= 10_001),
      pauses.join(),
    );
    assert.ok(new Set(pauses.slice(-3)).size > 1, "not all the same");
    assert.deepEqual(ids(), ["one", "one"]);
    assert.equal(heard[1]?.confirmedMs, confirmedMs);
    assert.equal(heard[1]?.stale, "refused 0");
    await untilAsked();
    assert.equal(transport.next.query.get("index"), null, "after an outage it asks at once");
    await answer(200, TWO, 9);
    assert.deepEqual(ids(), ["one", "one", "one,two"]);
    assert.equal(heard[2]?.stale, undefined);
  });

  it("logs the beginning, the length and the end of an outage, and not every try", async () => {
    watch({ backoffMinMs: 100, backoffMaxMs: 100 });
    for (let times = 0; times < 400; times++) {
      await untilAsked();
      transport.next.fail("refused");
      await clock.advanceAndSettle(0);
    }
    assert.ok(clock.nowMs() > 60_000 && clock.nowMs() < 90_000, `${clock.nowMs()}`);
    await untilAsked();
    await answer(200, ONE, 5);
    const said = logger.lines.map(({ level, message }) => `${level}: ${message}`);
    const waiting = "warn: consul does not answer; waiting for the first list";
    assert.deepEqual(said, [...Array<string>(3).fill(waiting), "info: consul answers again"]);
    assert.deepEqual(Object.keys(logger.lines[1]!.fields).toSorted(), [
      ...["ageMs", "awayMs", "consul", "instances", "reason", "service"],
    ]);
  });

  it("takes no answer without a leader for a list, but what is streamed", async () => {
    watch();
    await answer(200, ONE, 5);
    await untilAsked();
    await answer(200, [], 6, { "x-consul-knownleader": "false" });
    assert.equal(heard.at(-1)?.stale, "consul http://10.0.0.1:8500 has no leader");
    assert.equal(ids().at(-1), "one");
    await untilAsked();
    const streamed = { "x-consul-query-backend": "streaming", "x-consul-knownleader": "false" };
    await answer(200, TWO, 7, streamed);
    assert.equal(ids().at(-1), "one,two");
    assert.equal(heard.at(-1)?.stale, undefined);
  });

  it("takes a list that is empty because of its token for a refusal", async () => {
    watch();
    await answer(200, ONE, 5);
    await untilAsked();
    await answer(200, [], 6, { "x-consul-results-filtered-by-acls": "true" });
    assert.match(heard.at(-1)?.stale ?? "", /permission denied .* the token may not see web/);
    assert.equal(ids().at(-1), "one");
  });

  it("takes an empty list for one", async () => {
    watch();
    await answer(200, ONE, 5);
    await untilAsked();
    await answer(200, [], 6);
    assert.deepEqual(ids(), ["one", ""]);
    assert.equal(heard[1]?.stale, undefined);
  });

  for (const [what, status, body, index, stale] of [
    ["500", 500, "No cluster leader", 6, /failed \(500\): No cluster leader/],
    ["403", 403, "ACL not found", 6, /permission denied by consul .*ACL not found; check/],
    ["429", 429, "slow down", 6, /limits its callers: slow down/],
    ["garbage", 200, "<html>", 6, /the list of instances is no JSON/],
    ["another program", 200, "[]", NaN, /does not answer as consul does: .* X-Consul-Index/],
  ] as const) {
    it(`keeps its list when it gets ${what}, and says so`, async () => {
      watch();
      await answer(200, ONE, 5);
      await untilAsked();
      await answer(status, body, index);
      assert.deepEqual(ids(), ["one", "one"]);
      assert.match(heard[1]?.stale ?? "", stale);
    });
  }

  it("gives a question up that Consul holds longer than it was asked to", async () => {
    watch({ waitMs: 1_000, requestTimeoutMs: 500 });
    await answer(200, ONE, 5);
    await untilAsked();
    await clock.advanceAndSettle(1_700);
    assert.match(heard[1]?.stale ?? "", /did not answer within \d+ ms/);
  });

  it("goes to the next agent when one fails, and stays there; not for a refusal", async () => {
    watch({ addresses: ["10.0.0.1:8500", "10.0.0.2:8500"] });
    await answer(403, "no", 1);
    await untilAsked();
    assert.equal(transport.next.address, "10.0.0.1:8500");
    transport.next.fail("refused");
    await clock.advanceAndSettle(0);
    await untilAsked();
    assert.equal(transport.next.address, "10.0.0.2:8500");
    await answer(200, ONE, 5);
    await untilAsked();
    assert.equal(transport.next.address, "10.0.0.2:8500");
  });

  it("goes on by one agent when several services saw the same one fail", async () => {
    watch({ addresses: ["10.0.0.1:8500", "10.0.0.2:8500"] });
    resolver.watch("db", () => undefined);
    for (const request of transport.requests.slice()) request.fail("refused");
    while (transport.requests.length < 4) await clock.advanceAndSettle(1);
    const addresses = transport.requests.map(({ address }) => address);
    assert.deepEqual(addresses.slice(2), ["10.0.0.2:8500", "10.0.0.2:8500"]);
  });

  it("logs at once that an outage has become a refusal", async () => {
    watch();
    transport.next.fail("refused");
    await untilAsked();
    await answer(403, "ACL not found", 1);
    const reasons = logger.lines.map(({ fields }) => String(fields["reason"]));
    assert.equal(reasons.length, 2);
    assert.match(reasons[1]!, /permission denied/);
  });

  it("hears of instances that nobody can call, once in the log", async () => {
    watch();
    const entry = healthEntry("web", "none", "passing") as { Service: object };
    const list = [...ONE, { ...entry, Service: { ...entry.Service, Port: 0 } }];
    await answer(200, list, 5);
    await untilAsked();
    await answer(200, list, 6);
    assert.deepEqual(ids(), ["one"]);
    const said = logger.lines.map(({ message }) => message);
    assert.deepEqual(said, ["instances without a port are left out"]);
  });

  it("lets the others hear when a listener fails", async () => {
    watch();
    resolver.watch("web", () => {
      throw new Error("a mistake");
    });
    const last: string[] = [];
    resolver.watch("web", ({ instances }) => last.push(instances.map(({ id }) => id).join()));
    await answer(200, ONE, 5);
    assert.deepEqual(last, ["one"]);
    assert.equal(logger.lines[0]?.message, "a listener of a resolver failed");
  });

  it("asks one question for all who watch a service, and none when nobody does", async () => {
    watch();
    const more = resolver.watch("web", () => undefined);
    const other = resolver.watch("db", () => undefined);
    assert.equal(transport.requests.length, 2);
    other.close();
    await clock.advanceAndSettle(0);
    assert.equal(transport.requests[1]?.isOpen, false);
    more.close();
    assert.equal(transport.requests[0]?.isOpen, true);
  });

  it("shows what it knows and how it is set, without the token", async () => {
    watch({ token: "secret", tls: { key: "private", cert: "public" } });
    await answer(200, ONE, 5);
    clock.advance(50);
    const shown = JSON.stringify(resolver.snapshot());
    assert.match(shown, /"service":"web","instances":1,"ageMs":50,"index":5,"queries":1/);
    assert.match(shown, /"token":"set","tls":"mutual"/);
    assert.doesNotMatch(shown, /secret|private/);
  });
});

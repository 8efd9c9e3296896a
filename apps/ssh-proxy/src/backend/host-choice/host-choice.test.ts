import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BreakerTable,
  formatAddress,
  instanceAt,
  ManualClock,
  MemoryLogger,
  parseAddress,
  SeededRandom,
  StaticResolver,
} from "holdfast";
import type { BackendPool } from "../../routing/backend-pools.ts";
import type { PickedHost } from "../backend-connections.ts";
import { HostChoice } from "./host-choice.ts";
import { completeHostChoiceOptions, type HostChoiceOptionsInput } from "./options.ts";
import { ScriptedNetwork, WELL } from "./testing/scripted-network.ts";

const NONE: ReadonlySet<string> = new Set();
const ALL = ["a:22", "b:22", "c:22"];

/** A pool of three hosts that are well, until the test says otherwise. */
class Desk {
  readonly clock = new ManualClock();
  readonly network = new ScriptedNetwork();
  readonly logger = new MemoryLogger();
  readonly resolver = new StaticResolver(this.clock);
  readonly breakers: BreakerTable;
  readonly choice: HostChoice;

  constructor(hosts: readonly string[] = ALL, options: HostChoiceOptionsInput = {}, seed = 1) {
    const { clock, network, logger, resolver } = this;
    const random = new SeededRandom(seed);
    this.breakers = new BreakerTable({ clock, random });
    for (const host of hosts) network.hosts.set(host, WELL);
    this.list(hosts);
    const pool: BackendPool = { name: "main", resolver, user: "git", hostKeys: [], key: "proxy" };
    const parts = { clock, random, network, logger, breakers: this.breakers };
    this.choice = new HostChoice(pool, parts, completeHostChoiceOptions(options));
  }

  list(hosts: readonly string[], weight = 1): void {
    const instances = hosts.map((host) => instanceAt(parseAddress(host)!, { weight }));
    this.resolver.set("main", instances);
  }

  pick(...leaveOut: string[]): PickedHost & { readonly id: string } {
    const picked = this.choice.pick(new Set(leaveOut)) ?? assert.fail("no host");
    return Object.assign(picked, { id: formatAddress(picked.address) });
  }

  /** How often each is chosen, when every session lasts for good. */
  counts(picks: number): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let pick = 0; pick < picks; pick++) {
      const picked = this.pick();
      picked.dialled("ok");
      counts[picked.id] = (counts[picked.id] ?? 0) + 1;
    }
    return counts;
  }

  fail(host: string, times: number): void {
    for (let left = times; left > 0; left--) {
      this.pick(...ALL.filter((other) => other !== host)).dialled("failed");
      this.clock.advance(500);
    }
  }

  hosts(): Record<string, unknown>[] {
    return this.choice.snapshot()["hosts"] as Record<string, unknown>[];
  }

  host(address: string): Record<string, unknown> {
    return this.hosts().find((each) => each["address"] === address) ?? assert.fail("no host");
  }
}

describe("the choice of a host", () => {
  it("spreads sessions evenly, and counts those that last", async () => {
    const desk = new Desk();
    await desk.clock.advanceAndSettle(0);
    const counts = desk.counts(300);
    for (const host of ALL) {
      assert.ok(Math.abs(counts[host]! - 100) <= 5, JSON.stringify(counts));
      assert.equal(desk.host(host)["sessions"], counts[host]);
    }
  });

  it("gives more to one that has fewer", async () => {
    const desk = new Desk(["a:22", "b:22"]);
    await desk.clock.advanceAndSettle(0);
    const first = Array.from({ length: 20 }, () => desk.pick());
    for (const each of first) each.dialled("ok");
    for (const each of first) if (each.id === "a:22") each.released();
    const counts = desk.counts(8);
    assert.ok(counts["a:22"]! >= 7, JSON.stringify(counts));
  });

  it("counts a session once, however often it is told of its end", () => {
    const desk = new Desk(["a:22"]);
    const picked = desk.pick();
    assert.equal(desk.host("a:22")["sessions"], 1);
    picked.dialled("failed");
    picked.dialled("failed");
    picked.released();
    assert.equal(desk.host("a:22")["sessions"], 0);
    const given = desk.pick();
    given.released();
    given.released();
    given.dialled("failed");
    assert.equal(desk.host("a:22")["sessions"], 0);
    const [row] = desk.breakers.rows();
    assert.deepEqual([row!.failures, row!.concurrency], [1, 0]);
  });

  it("leaves out whom it is told to, and gives none when that is all", () => {
    const desk = new Desk();
    for (let turn = 0; turn < 20; turn++) assert.equal(desk.pick("a:22", "c:22").id, "b:22");
    assert.equal(desk.choice.pick(new Set(ALL)), undefined);
  });

  it("has none before the first list, and says when it has come", async () => {
    const desk = new Desk([]);
    assert.equal(desk.choice.pick(NONE), undefined);
    desk.list(["a:22", "a:22"]);
    await desk.choice.listed;
    assert.equal(desk.pick().id, "a:22");
    assert.equal(desk.choice.snapshot()["hostCount"], 1);
  });

  it("leaves out a host that two looks in a row found ill, until one finds it well", async () => {
    const desk = new Desk();
    const isPicked = (): boolean => picksOf(desk, 60).includes("b:22");
    await desk.clock.advanceAndSettle(0);
    desk.network.hosts.set("b:22", "refuse");
    await desk.clock.advanceAndSettle(5_600);
    assert.deepEqual([desk.host("b:22")["health"], isPicked()], ["healthy", true]);
    await desk.clock.advanceAndSettle(5_600);
    assert.deepEqual([desk.host("b:22")["health"], isPicked()], ["unhealthy", false]);
    desk.network.hosts.set("b:22", WELL);
    await desk.clock.advanceAndSettle(5_600);
    assert.deepEqual([desk.host("b:22")["health"], isPicked()], ["healthy", true]);
    assert.deepEqual(
      desk.logger.lines.map(({ level, message, fields }) => [level, message, fields["address"]]),
      [
        ["warn", "backend host is not well", "b:22"],
        ["info", "backend host is well again", "b:22"],
      ],
    );
  });

  it("looks at each host every five seconds, at different moments", async () => {
    const desk = new Desk();
    await desk.clock.advanceAndSettle(50_000);
    for (const host of ALL) {
      const looks = desk.network.attempts.filter((place) => place === host).length;
      assert.ok(looks >= 10 && looks <= 12, `${looks} looks`);
    }
    assert.ok(desk.network.openCount <= ALL.length);
  });

  it("does not look at a host where somebody has just logged in", async () => {
    const desk = new Desk(["a:22"]);
    await desk.clock.advanceAndSettle(0);
    for (let second = 0; second < 30; second++) {
      desk.pick().dialled("ok");
      // oxlint-disable-next-line no-await-in-loop
      await desk.clock.advanceAndSettle(1_000);
    }
    assert.equal(desk.network.attempts.length, 1);
    await desk.clock.advanceAndSettle(11_000);
    assert.ok(desk.network.attempts.length >= 2);
  });

  it("looks at once at a host where a dial failed", async () => {
    const desk = new Desk(["a:22"]);
    await desk.clock.advanceAndSettle(1_000);
    desk.pick().dialled("failed");
    await desk.clock.advanceAndSettle(0);
    assert.equal(desk.network.attempts.length, 2);
  });

  it("leaves a host alone whose dials fail though it looks well, and lets one probe", async () => {
    const desk = new Desk();
    await desk.clock.advanceAndSettle(0);
    desk.fail("b:22", 3);
    await desk.clock.advanceAndSettle(0);
    assert.deepEqual(
      [desk.host("b:22")["health"], desk.host("b:22")["breaker"]],
      ["healthy", "open"],
    );
    assert.equal(desk.counts(30)["b:22"], undefined);
    const [, row] = desk.breakers.rows();
    assert.deepEqual(
      [row!.caller, row!.callee, row!.instance, row!.state, row!.failures],
      ["ssh-proxy", "main", "b:22", "open", 3],
    );
    await desk.clock.advanceAndSettle(3_000);
    const picks = Array.from({ length: 30 }, () => desk.pick());
    const probes = picks.filter(({ id }) => id === "b:22");
    assert.equal(probes.length, 1);
    probes[0]!.dialled("ok");
    assert.equal(desk.host("b:22")["breaker"], "closed");
  });

  it("tries all when none is well, says so once, and believes the first that is", async () => {
    const desk = new Desk();
    for (const host of ALL) desk.network.hosts.set(host, "refuse");
    await desk.clock.advanceAndSettle(11_000);
    for (const host of ALL) {
      assert.equal(desk.host(host)["health"], "unhealthy");
      desk.fail(host, 3);
      assert.equal(desk.host(host)["breaker"], "open");
    }
    const said = desk.logger.lines.filter(({ message }) =>
      message.startsWith("no host of the pool"),
    );
    assert.equal(said.length, 1);
    desk.logger.lines.length = 0;
    const counts = Array.from({ length: 30 }, () => desk.pick().id);
    assert.deepEqual([...new Set(counts)].toSorted(), ALL);
    assert.equal(desk.choice.pick(new Set(ALL)), undefined);
    desk.pick("b:22", "c:22").dialled("ok");
    const { health, breaker } = desk.host("a:22");
    assert.deepEqual([health, breaker], ["healthy", "closed"]);
    for (let turn = 0; turn < 10; turn++) assert.equal(desk.pick().id, "a:22");
    assert.deepEqual(
      desk.logger.lines.map(({ message }) => message),
      ["backend host is well again"],
    );
    assert.equal(desk.choice.snapshot()["picksWithoutHealthyHost"], 9 + 30 + 1);
  });

  it("follows the list of hosts; who goes takes its checks and its breaker with it", async () => {
    const desk = new Desk();
    await desk.clock.advanceAndSettle(0);
    const kept = desk.pick("b:22", "c:22");
    desk.list(["a:22", "d:22"]);
    desk.network.hosts.set("d:22", WELL);
    await desk.clock.advanceAndSettle(20_000);
    assert.deepEqual(
      desk.breakers.rows().map(({ instance }) => instance),
      ["a:22", "d:22"],
    );
    assert.equal(desk.host("a:22")["sessions"], 1);
    kept.released();
    assert.equal(desk.host("a:22")["sessions"], 0);
    const late = desk.network.attempts.slice(-4);
    assert.ok(!late.includes("b:22") && !late.includes("c:22"), late.join());
    const gone = desk.pick("a:22");
    desk.list(["a:22"]);
    gone.dialled("failed");
    gone.released();
    await desk.clock.advanceAndSettle(0);
    assert.deepEqual(
      desk.hosts().map(({ address, sessions }) => [address, sessions]),
      [["a:22", 0]],
    );
  });

  it("goes by the weights of the list, and by none when all are 0", async () => {
    const desk = new Desk(["a:22", "b:22"]);
    const weigh = (a: number, b: number): void => {
      desk.resolver.set("main", [
        instanceAt(parseAddress("a:22")!, { weight: a }),
        instanceAt(parseAddress("b:22")!, { weight: b }),
      ]);
    };
    await desk.clock.advanceAndSettle(0);
    weigh(3, 1);
    const counts = desk.counts(400);
    assert.ok(counts["a:22"]! > 260 && counts["a:22"]! < 330, JSON.stringify(counts));
    weigh(0, 1);
    assert.equal(desk.pick().id, "b:22");
    weigh(0, 0);
    const ids = Array.from({ length: 200 }, () => desk.pick().id);
    assert.deepEqual([...new Set(ids)].toSorted(), ["a:22", "b:22"]);
  });

  it("keeps to the largest number of hosts", () => {
    const desk = new Desk(ALL, { hostsMax: 2 });
    assert.equal(desk.choice.snapshot()["hostCount"], 2);
  });

  it("leaves no check, timer, connection or breaker behind", async () => {
    const desk = new Desk();
    desk.network.hosts.set("b:22", "hang");
    desk.network.hosts.set("c:22", { says: "" });
    await desk.clock.advanceAndSettle(0);
    desk.choice.close();
    await desk.clock.advanceAndSettle(0);
    assert.equal(desk.clock.scheduledCount, 0);
    assert.equal(desk.network.openCount, 0);
    assert.deepEqual(desk.breakers.rows(), []);
  });

  it("chooses the same again from the same seed", () => {
    const run = (seed: number): string => picksOf(new Desk(ALL, {}, seed), 50);
    assert.equal(run(7), run(7));
  });
});

it("the options of the choice are refused out of range", () => {
  const refused = (input: HostChoiceOptionsInput, message: RegExp): void => {
    assert.throws(() => completeHostChoiceOptions(input), message);
  };
  refused({ failuresMax: 0 }, /failuresMax is 0: expected 1 to 100/);
  refused({ checkIntervalMs: NaN }, /checkIntervalMs is NaN/);
  refused({ checkTimeoutMs: 6_000 }, /checkTimeoutMs 6000 is above checkIntervalMs 5000/);
  refused({ breaker: { openMinMs: 0 } }, /openMinMs/);
  assert.equal(completeHostChoiceOptions({ breaker: { probesMax: 2 } }).breaker.probesMax, 2);
  assert.equal(completeHostChoiceOptions({ breaker: {} }).breaker.samplesMin, 10);
});

/** The hosts of so many sessions, which end at once. */
function picksOf(desk: Desk, count: number): string {
  const ids = Array.from({ length: count }, () => {
    const picked = desk.pick();
    picked.released();
    return picked.id;
  });
  return ids.join();
}

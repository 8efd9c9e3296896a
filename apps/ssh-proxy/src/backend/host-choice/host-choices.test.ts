import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BreakerTable,
  formatAddress,
  ManualClock,
  MemoryLogger,
  SeededRandom,
  StateRegistry,
  StaticResolver,
} from "holdfast";
import type { BackendPool, BackendPools } from "../../routing/backend-pools.ts";
import { MAIN, RouteDesk } from "../../routing/testing/route-desk.ts";
import { HostChoices } from "./host-choices.ts";
import { ScriptedNetwork, WELL } from "./testing/scripted-network.ts";

const NONE: ReadonlySet<string> = new Set();

interface Opened {
  readonly choices: HostChoices;
  readonly network: ScriptedNetwork;
  readonly logger: MemoryLogger;
  readonly registry: StateRegistry;
  readonly breakers: BreakerTable;
}

function choicesOf(pools: BackendPools, clock: ManualClock): Opened {
  const network = new ScriptedNetwork();
  const logger = new MemoryLogger();
  const registry = new StateRegistry();
  const random = new SeededRandom(1);
  const breakers = new BreakerTable({ clock, random, registry });
  const parts = { clock, random, network, logger, registry, breakers, pools };
  return { choices: new HostChoices(parts), network, logger, registry, breakers };
}

describe("the choices of hosts", () => {
  it("follow a file of routes while it changes, and show on the ops port", async () => {
    const desk = new RouteDesk();
    const file = await desk.open({ backends: { main: MAIN }, routes: [] });
    const opened = choicesOf(file, desk.clock);
    const { choices, network, registry } = opened;
    for (const host of MAIN.hosts) network.hosts.set(host, WELL);
    await choices.start();
    const main = file.pool("main")!;
    assert.ok(MAIN.hosts.includes(formatAddress(choices.pick(main, NONE)!.address)));
    desk.write({
      backends: { main: { ...MAIN, user: "hg" }, other: { ...MAIN, hosts: ["b:22"] } },
      routes: [],
    });
    await desk.looked();
    const other = choices.pick(file.pool("other")!, NONE)!;
    assert.equal(formatAddress(other.address), "b:22");
    assert.ok(choices.pick(file.pool("main")!, NONE) !== undefined);
    assert.equal(choices.pick(main, NONE), undefined);
    const [shown] = registry.snapshots("backends");
    const state = (shown as { state: { pool: string; hostCount: number }[] }).state;
    assert.deepEqual(
      state.map(({ pool, hostCount }) => [pool, hostCount]),
      [
        ["main", 2],
        ["other", 1],
      ],
    );
    const [table] = registry.snapshots("breakers");
    assert.equal((table as { state: unknown[] }).state.length, 3);
    choices.stop();
    file.close();
    await desk.clock.advanceAndSettle(0);
    assert.deepEqual([desk.clock.scheduledCount, network.openCount], [0, 0]);
    assert.deepEqual([registry.snapshots("backends"), opened.breakers.rows()], [[], []]);
    assert.equal(choices.pick(main, NONE), undefined);
  });

  it("forget a pool that is gone, though nobody asks for it", async () => {
    const desk = new RouteDesk();
    const file = await desk.open({ backends: { main: MAIN }, routes: [] });
    const { choices, network } = choicesOf(file, desk.clock);
    await choices.start();
    desk.write({ backends: {}, routes: [] });
    await desk.looked();
    await desk.clock.advanceAndSettle(1_000);
    assert.deepEqual(choices.snapshot(), []);
    const { length } = network.attempts;
    await desk.clock.advanceAndSettle(20_000);
    assert.equal(network.attempts.length, length);
    choices.stop();
    file.close();
  });

  it("wait at the start for the first lists, but not for ever", async () => {
    const clock = new ManualClock();
    const resolver = new StaticResolver(clock);
    const pool: BackendPool = { name: "main", resolver, user: "git", hostKeys: [], key: "proxy" };
    const pools = { pools: [pool], pool: () => pool };
    const late = choicesOf(pools, clock);
    let started = false;
    const starting = late.choices.start().then(() => {
      started = true;
    });
    await clock.advanceAndSettle(4_999);
    assert.equal(started, false);
    await clock.advanceAndSettle(1);
    await starting;
    assert.equal(late.logger.lines[0]?.message, "not every pool has had its first list of hosts");
    const early = choicesOf(pools, clock);
    const soon = early.choices.start();
    resolver.set("main", []);
    await soon;
    assert.deepEqual(early.logger.lines, []);
    late.choices.stop();
    early.choices.stop();
    assert.equal(clock.scheduledCount, 0);
  });
});

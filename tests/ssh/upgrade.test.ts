/** Upgrades at noon: real clients clone and push without pause, and notice nothing. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { startAlone } from "./clients/control-master.ts";
import { git } from "./clients/git.ts";
import type { RunningProgram } from "./clients/running-program.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { until } from "./until.ts";
import { assertEchoes } from "./upgrade/assert-serving.ts";
import { ConnectionProbe } from "./upgrade/connection-probe.ts";
import { GatedClone } from "./upgrade/gated-clone.ts";
import { GitClient } from "./upgrade/git-load.ts";
import { goneWorkers, holdfastUp, statusOf, upgrade, workerOf } from "./upgrade/supervised.ts";
import { startWorld, type World } from "./world.ts";

const UPGRADES = 20;
const CLIENTS = 8;
/** Sessions that begin before the first upgrade and go on until after this one. */
const HELD_UPGRADES = 6;
const ROUNDS_MS = 60_000;
/** More than windows and buffers take. */
const LARGE_BYTES = 16_000_000;
const ORDERLY = "it ended (exit code 0)";
/** One is held on purpose; others are as slow as the machine. A fifth would be refused. */
const DRAINING_MAX = 3;
const skip = onlyProxy === false ? skipSshd() : onlyProxy;

describe("an upgrade", { skip, timeout: 240_000 }, () => {
  it(`breaks and refuses nothing, ${UPGRADES} times under load`, async (t) => {
    await using world = await startWorld({ supervised: true });
    const { underTest } = world;
    makeLargeRepository(world);
    const clients = Array.from({ length: CLIENTS }, (_, number) => new GitClient(world, number));
    await using clone = new GatedClone(world.destination(), "team/large.git");
    await using held = startAlone(world.destination(), "echo");
    await assertEchoes(held, "upgrade 0");
    await clone.untilHalfWay();
    const first = workerOf(underTest);

    let over = false;
    const probe = new ConnectionProbe(underTest);
    const running = [...clients.map((client) => client.run(() => over)), probe.run(() => over)];
    try {
      for (let number = 1; number <= UPGRADES; number++) {
        await untilFewDrain(world);
        await upgrade(underTest);
        if (number > HELD_UPGRADES) continue;
        await assertEchoes(held, `upgrade ${number}`);
        assert.equal(statusOf(underTest).draining[0]?.pid, first);
        if (number === HELD_UPGRADES) await assertFinish(held, clone);
      }
      // The second of them has only met the last version.
      const rounds = clients.map((client) => client.rounds);
      const isDone = (): boolean => clients.every((one, index) => one.rounds >= rounds[index]! + 2);
      await until("two more rounds", () => isDone() || clients.some(hasFailed), {
        withinMs: ROUNDS_MS,
      });
    } finally {
      over = true;
      await Promise.all(running);
      await Promise.all(clients.map((client) => client.leave()));
    }
    assert.deepEqual(probe.failures, []);
    for (const client of clients) await assertIntact(world, client);
    await git(clone.at, ["fsck", "--full"], { cwd: clone.folder });
    await assertAllEnded(world);
    const rounds = clients.reduce((sum, client) => sum + client.rounds, 0);
    t.diagnostic(`${rounds} clones and pushes, ${probe.count} other connections`);
    assert.ok(rounds >= UPGRADES, `${rounds} rounds`);
  });

  it("to a version that does not start is rolled back, and nobody notices", async () => {
    await using world = await startWorld({ supervised: true });
    const { underTest } = world;
    const { settingsFile } = underTest.program!;
    await using held = startAlone(world.destination(), "echo");
    await assertEchoes(held, "before");
    const client = new GitClient(world, 0);
    let over = false;
    const running = client.run(() => over);
    const settings = readFileSync(settingsFile, "utf8");
    const serving = workerOf(underTest);
    try {
      for (const [text, why] of [
        ['{ "proxy": { "drainMs": -1 } }', /settings\.json: proxy: drainMs is -1: expected 0 to/],
        ['{ "proxy": { "drain": 1 } }', /settings\.json: proxy: there is no option drain;/],
        ["{ not JSON", /settings\.json: .*JSON/],
      ] as const) {
        writeFileSync(settingsFile, text);
        const { exitCode, stderr } = await holdfastUp(underTest);
        assert.equal(exitCode, 1);
        assert.match(stderr.toString(), /rolled back: it said: /);
        assert.match(stderr.toString(), why);
        assert.match(stderr.toString(), new RegExp(`goes on as it was: pid ${serving} `));
        assert.equal(workerOf(underTest), serving);
      }
      await assertEchoes(held, "after the rollbacks");
      writeFileSync(settingsFile, settings);
      await upgrade(underTest);
      assert.notEqual(workerOf(underTest), serving);
    } finally {
      over = true;
      await running;
    }
    await assertEchoes(held, "after the upgrade");
    held.endInput();
    assert.equal(await held.end(), 0);
    await assertIntact(world, client);
  });
});

const hasFailed = ({ failures }: GitClient): boolean => failures.length > 0;

async function untilFewDrain({ underTest }: World): Promise<void> {
  const draining = (): unknown[] => [...statusOf(underTest).draining];
  await until("end of an old version", () => draining().length <= DRAINING_MAX, {
    instead: () => JSON.stringify(draining()),
  });
}

/** The sessions of the first version end by themselves, and right. */
async function assertFinish(held: RunningProgram, clone: GatedClone): Promise<void> {
  held.endInput();
  assert.equal(await held.end(), 0, held.stderr);
  assert.ok(clone.program.isRunning);
  clone.open();
  assert.equal(await clone.program.end(), 0, clone.program.stderr);
  assert.equal(clone.sshStatus(), 0);
}

/** No round failed, and all that was pushed is there, in a repository that is whole. */
async function assertIntact(world: World, client: GitClient): Promise<void> {
  const { repository, rounds, head, failures, remarks, sharesConnections, at } = client;
  assert.deepEqual(failures, []);
  // Whose shared connection drains is told so, and goes on with one of its own.
  if (!sharesConnections) assert.deepEqual(remarks, []);
  const path = world.repository(repository);
  world.run("git", "-C", path, "fsck", "--full", "--strict");
  assert.equal(world.run("git", "-C", path, "rev-parse", "main").trim(), head);
  assert.equal(Number(world.run("git", "-C", path, "rev-list", "--count", "main")), rounds + 1);
  await git(at, ["fsck", "--full"], { cwd: join(at.home, "work") });
}

/** Every generation that drained has ended in order, and so does the last with its supervisor. */
async function assertAllEnded({ underTest }: World): Promise<void> {
  const { pid, program } = underTest;
  await until("end of the old versions", () => statusOf(underTest).draining.length === 0);
  process.kill(pid, "SIGTERM");
  assert.equal(await program!.ended(), 0);
  const hows = goneWorkers(underTest).map(({ how }) => how);
  assert.deepEqual(hows, Array(UPGRADES + 1).fill(ORDERLY));
}

function makeLargeRepository(world: World): void {
  const script = `set -e
git init -q --bare -b main team/large.git
git init -q -b main large
cd large
head -c ${LARGE_BYTES} /dev/urandom >large
git add .
git -c user.name=Ann -c user.email=ann@example.com -c core.compression=0 commit -q -m large
git push -q ../team/large.git main`;
  world.run("sh", "-c", script);
}

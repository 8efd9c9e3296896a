/** Backends that are away, slow, dead, or not who they should be: what users are told. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { opensshOptions, runSsh } from "./clients/openssh.ts";
import { RunningProgram } from "./clients/running-program.ts";
import { endOfCase, eventsOfCase, metricsOf } from "./proxy-state.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { startWorld, type World } from "./world.ts";

const DIAL_MS = 1_000;
const LOGIN_MS = 1_500;
const KEEPALIVE_MS = 400;
const LATE_MS = 15_000;
/** EX_TEMPFAIL: what scripts know to try again. */
const TRY_AGAIN = 75;
const skip = onlyProxy === false ? skipSshd() : onlyProxy;
const backend = {
  dialMs: DIAL_MS,
  loginMs: LOGIN_MS,
  hostsTriedMax: 1,
  keepaliveMs: KEEPALIVE_MS,
  // Every session dials, so that each meets what its test has prepared.
  keepMs: 0,
};

describe("a backend", { skip, timeout: 90_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld({ options: { backend } });
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  const run = (name: string) =>
    runSsh({ destination: world.destination(), command: `git-upload-pack 'cases/${name}'` });
  const start = (name: string): RunningProgram => {
    const at = world.destination();
    const where = ["-p", String(at.port), `${at.user}@${at.host}`];
    return new RunningProgram("ssh", [
      ...opensshOptions(at),
      ...where,
      `git-upload-pack 'cases/${name}'`,
    ]);
  };
  const assertWorks = async (): Promise<void> => {
    assert.equal((await run("exit-7")).exitCode, 7);
  };

  it("that closes every connection is told of, and used when it is back", async () => {
    world.line.cut();
    const { exitCode, stderr } = await run("exit-0");
    world.line.heal();
    assert.equal(exitCode, TRY_AGAIN, stderr.toString());
    assert.match(stderr.toString(), /try again|not be reached|unreachable|no backend/i);
    await assertWorks();
  });

  it("that takes connections and never speaks is given up in time", async () => {
    world.line.silence();
    const startedMs = performance.now();
    const { exitCode, stderr } = await run("waiting-mute");
    const tookMs = performance.now() - startedMs;
    world.line.heal();
    assert.equal(exitCode, TRY_AGAIN, stderr.toString());
    assert.match(stderr.toString(), /try again|not be reached|unreachable|no backend|in time/i);
    assert.ok(tookMs < DIAL_MS + LOGIN_MS + 5_000, `${tookMs} ms`);
    assert.equal((await endOfCase(world.underTest, "waiting-mute"))["event"], "end");
    await assertWorks();
  });

  it("that breaks the connection while it sends is told of, with a failure", async () => {
    await using client = start("endless-broken");
    await client.untilSays(/\0/);
    world.line.cut();
    const code = await client.end(LATE_MS);
    world.line.heal();
    assert.ok(code !== undefined && code !== 0, `${code}`);
    assert.match(client.stderr, /backend|server/i);
    await assertWorks();
  });

  it("that falls silent in the middle is noticed by its missing signs of life", async () => {
    await using client = start("waiting-frozen");
    await client.untilSays(/waiting/);
    world.line.silence();
    const code = await client.end(LATE_MS);
    world.line.heal();
    assert.ok(code !== undefined && code !== 0, `${code}`);
    assert.match(client.stderr, /backend|server/i);
    await assertWorks();
  });

  it("whose sshd is killed and started again serves the next", async () => {
    await using client = start("waiting-killed");
    await client.untilSays(/waiting/);
    await world.sshd.stop();
    assert.notEqual(await client.end(LATE_MS), 0);
    await world.sshd.start();
    await assertWorks();
  });

  it("is dialled, and every failure is counted", async () => {
    const metrics = await metricsOf(world.underTest);
    assert.ok(metrics.sum("ssh_proxy_dials_total", { result: "done" }) >= 5);
    assert.ok(metrics.sum("ssh_proxy_dials_total", { result: "failed" }) >= 2);
  });
});

describe("a backend with another key than it should have", { skip, timeout: 60_000 }, () => {
  it("is never given a command, and the user is told", async () => {
    // Of the right types: they are all that is asked for.
    await using other = await startWorld();
    const pinnedHostKeys = other.sshd.hostKeys.map(({ publicLine }) => publicLine);
    await using world = await startWorld({ pinnedHostKeys, options: { backend } });
    const destination = world.destination();
    const command = "git-upload-pack 'cases/exit-0'";
    const { exitCode, stderr } = await runSsh({ destination, command });
    assert.equal(exitCode, TRY_AGAIN, stderr.toString());
    assert.match(stderr.toString(), /try again/i);
    const events = await eventsOfCase(world.underTest, "exit-0");
    const dial = events.find(({ event }) => event === "dial");
    assert.match(String(dial?.["error"]), /host key/i);
    assert.doesNotMatch(world.sshd.log(), /Starting session/);
    const metrics = await metricsOf(world.underTest);
    assert.ok(metrics.sum("ssh_proxy_dials_total", { result: "failed" }) >= 1);
  });
});

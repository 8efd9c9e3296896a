/** Times that are over: each ends a session or a connection with a text that its user reads. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isAlive } from "../servers/openssh/process-tree.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { ToxicProxy } from "../servers/toxic-proxy.ts";
import type { Destination } from "./clients/client.ts";
import { opensshOptions } from "./clients/openssh.ts";
import { RunningProgram } from "./clients/running-program.ts";
import { endOfCase } from "./proxy-state.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { until } from "./until.ts";
import { startWorld, type World } from "./world.ts";

const INACTIVITY_MS = 2_000;
const TOTAL_MS = 5_000;
const KEEPALIVE_MS = 400;
const LATE_MS = 10_000;
const skip = onlyProxy === false ? skipSshd() : onlyProxy;

describe("a connection ends", { skip, concurrency: 4, timeout: 60_000 }, () => {
  let world!: World;
  let silent!: ToxicProxy;
  before(async () => {
    const times = {
      inactivityMs: INACTIVITY_MS,
      totalMs: TOTAL_MS,
      loginMs: TOTAL_MS,
      identMs: TOTAL_MS,
      keepaliveMs: KEEPALIVE_MS,
      keepaliveUnansweredMax: 2,
    };
    world = await startWorld({ options: { times } });
    const { host, port } = world.underTest;
    silent = await ToxicProxy.start(`${host}:${port}`);
  });
  after(async () => {
    await (silent as ToxicProxy | undefined)?.[Symbol.asyncDispose]();
    await (world as World | undefined)?.[Symbol.asyncDispose]();
  });

  const start = (name: string, at: Destination = world.destination()): RunningProgram => {
    const where = ["-p", String(at.port), `${at.user}@${at.host}`];
    const command = `git-upload-pack 'cases/${name}'`;
    const options = [...opensshOptions(at), "-o", "NoHostAuthenticationForLocalhost=yes"];
    return new RunningProgram("ssh", [...options, ...where, command]);
  };

  it("when nothing is sent in either direction for too long", async () => {
    await using client = start("waiting-inactive");
    const pid = await world.pidOf("waiting-inactive");
    assert.notEqual(await client.end(LATE_MS), 0);
    assert.match(client.stderr, /no data in either direction for 2 seconds/);
    await until("end of the command", () => !isAlive(pid));
    assert.equal((await endOfCase(world.underTest, "waiting-inactive"))["reason"], "inactive");
  });

  it("when it has lasted too long, busy or not", async () => {
    await using client = start("endless-total");
    const pid = await world.pidOf("endless-total");
    assert.notEqual(await client.end(TOTAL_MS + LATE_MS), 0);
    assert.match(client.stderr, /a connection may last 5 seconds/);
    await until("end of the command", () => !isAlive(pid));
    assert.equal((await endOfCase(world.underTest, "endless-total"))["reason"], "total-time");
  });

  it("when the client is not there any more, and nobody said so", async () => {
    const [host = "", port = ""] = silent.address.split(":");
    const at = { ...world.destination(), host, port: Number(port) };
    await using client = start("waiting-silent", at);
    const pid = await world.pidOf("waiting-silent");
    await client.untilSays(/waiting/);
    silent.silence();
    await until("end of the command", () => !isAlive(pid), { withinMs: LATE_MS });
    assert.equal((await endOfCase(world.underTest, "waiting-silent"))["reason"], "keepalive");
  });
});

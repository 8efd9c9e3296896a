/** git's own client and server with the proxy in between, in all versions of the protocol. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { skipWithout } from "../servers/openssh/programs.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import type { Destination } from "./clients/client.ts";
import { git, gitEnvironment, runGit, urlOf } from "./clients/git.ts";
import { plinkCommandLine, puttyEnvironment } from "./clients/putty.ts";
import { RunningProgram } from "./clients/running-program.ts";
import { until } from "./until.ts";
import { startWorld, type World } from "./world.ts";

const plink = skipWithout("plink", "puttygen");
const MANY_REFS = 10_000;
/** More than windows and socket buffers take, so that it is not over when it is cancelled. */
const LARGE_PIECES = 3;

describe("git", { skip: skipSshd(), timeout: 150_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld();
    makeRepositories(world);
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  /** What the server runs for git at the moment. */
  const serving = () => world.sshd.processes().filter(({ command }) => /-pack/.test(command));

  describe("clones, fetches and pushes", { concurrency: 2 }, () => {
    for (const protocol of [0, 1, 2] as const) {
      it(`with version ${protocol} of the protocol`, async () => {
        const at = world.destination();
        const url = urlOf(at, "team/project.git");
        const trace = join(at.home, "trace");
        const environment = { GIT_TRACE_PACKET: trace };
        await git(at, ["clone", "-q", url, "one"], { protocol, environment });
        assert.equal(spokenVersion(readFileSync(trace, "utf8")), protocol);
        await git(at, ["clone", "-q", url, "two"], { protocol });
        const branch = `branch-${protocol}`;
        await commit(at, "one", branch);
        await git(at, ["push", "-q", "origin", `HEAD:${branch}`], { ...in1(at), protocol });
        await git(at, ["fetch", "-q", "origin", branch], { ...in2(at), protocol });
        const pushed = await git(at, ["rev-parse", "HEAD"], in1(at));
        assert.equal(await git(at, ["rev-parse", "FETCH_HEAD"], in2(at)), pushed);
        await git(at, ["fsck", "--full"], in2(at));
      });
    }
  });

  describe("takes", { concurrency: 2 }, () => {
    it("the last commit only", async () => {
      const at = world.destination();
      await git(at, ["clone", "-q", "--depth=1", urlOf(at, "team/project.git"), "shallow"]);
      const options = { cwd: join(at.home, "shallow") };
      assert.equal((await git(at, ["rev-list", "--count", "HEAD"], options)).trim(), "1");
      await git(at, ["fetch", "-q", "--unshallow"], options);
      assert.equal((await git(at, ["rev-list", "--count", "HEAD"], options)).trim(), "3");
    });

    it("no contents before they are needed", async () => {
      const at = world.destination();
      const url = urlOf(at, "team/project.git");
      await git(at, ["clone", "-q", "--filter=blob:none", "--no-checkout", url, "partial"]);
      const options = { cwd: join(at.home, "partial") };
      await git(at, ["checkout", "-q", "HEAD"], options);
      await git(at, ["fsck", "--full"], options);
    });

    it(`${MANY_REFS} branches`, async () => {
      const at = world.destination();
      const listed = await git(at, ["ls-remote", urlOf(at, "team/many.git"), "refs/heads/b*"]);
      assert.equal(listed.trimEnd().split("\n").length, MANY_REFS);
      const old = await git(at, ["ls-remote", urlOf(at, "team/many.git")], { protocol: 0 });
      assert.ok(old.trimEnd().split("\n").length >= MANY_REFS);
    });

    it("an archive", async () => {
      const at = world.destination();
      const url = urlOf(at, "team/project.git");
      await git(at, ["archive", `--remote=${url}`, "-o", "out.tar", "main"]);
      const listed = world.run("tar", "-tf", join(at.home, "out.tar"));
      assert.match(listed, /^file-3$/m);
    });
  });

  for (const type of ["rsa", "ed25519"] as const) {
    it(`clones and pushes through plink, with a key of ${type}`, { skip: plink }, async () => {
      const at = world.destination(type);
      const url = urlOf(at, "team/project.git");
      const environment = {
        ...puttyEnvironment(at),
        GIT_SSH_COMMAND: plinkCommandLine(at),
        GIT_SSH_VARIANT: "plink",
      };
      await git(at, ["clone", "-q", url, "one"], { environment });
      await commit(at, "one", type);
      await git(at, ["push", "-q", "origin", `HEAD:${type}`], { ...in1(at), environment });
      await git(at, ["fetch", "-q", "origin", type], { ...in1(at), environment });
    });
  }

  it("shows what a hook said, and that it refused", async () => {
    const at = world.destination();
    await git(at, ["clone", "-q", urlOf(at, "team/guarded.git"), "one"]);
    await commit(at, "one", "refused");
    const { stderr, exitCode } = await runGit(at, ["push", "origin", "HEAD:main"], in1(at));
    assert.equal(exitCode, 1);
    assert.match(stderr.toString(), /remote: not on a Sunday/);
    assert.match(stderr.toString(), /pre-receive hook declined/);
  });

  it("shows the server's words for a repository that is not there", async () => {
    const at = world.destination();
    const { stderr, exitCode } = await runGit(at, ["clone", urlOf(at, "team/none.git"), "none"]);
    assert.equal(exitCode, 128);
    assert.match(stderr.toString(), /not (appear to be|found|exist)|no such/i);
  });

  it("leaves nothing behind at the server when it is cancelled half-way", async () => {
    const client = await startLargeClone(world);
    await using _ = client;
    world.line.silence();
    assert.ok(client.isRunning && serving().length > 0, "it is half-way");
    await client.kill();
    world.line.heal();
    await until("end of upload-pack", () => serving().length === 0, {
      withinMs: 10_000,
      instead: () => JSON.stringify(serving()),
    });
  });

  it("works again after the server was killed under it", async () => {
    const at = world.destination();
    const client = await startLargeClone(world);
    await using _ = client;
    world.sshd.killSessions();
    assert.equal(await client.end(), 128);
    await git(at, ["clone", "-q", urlOf(at, "team/large.git"), "whole"]);
    await git(at, ["fsck", "--full"], { cwd: join(at.home, "whole") });
  });
});

/** project: three commits; many: branches; guarded: a hook refuses; large: does not compress. */
function makeRepositories(world: World): void {
  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  const init = (name: string): void => {
    world.run("git", "init", "-q", "--bare", "-b", "main", name);
  };
  const work = world.repository("work");
  const at = (...args: readonly string[]): string => world.run("git", "-C", work, ...args);
  world.run("git", "init", "-q", "-b", "main", work);
  for (const number of [1, 2, 3]) {
    world.run("sh", "-c", `echo ${number} >${work}/file-${number}`);
    at("add", ".");
    at(...identity, "commit", "-q", "-m", `change ${number}`);
  }
  for (const name of ["project", "many", "guarded"]) {
    init(`team/${name}.git`);
    at("push", "-q", world.repository(`team/${name}.git`), "main");
  }
  const project = world.repository("team/project.git");
  world.run("git", "-C", project, "config", "uploadpack.allowFilter", "true");
  const refs = `git -C team/many.git rev-parse main | { read id; i=0;
    while [ $i -lt ${MANY_REFS} ]; do i=$((i + 1)); echo "create refs/heads/b$i $id"; done; } |
    git -C team/many.git update-ref --stdin && git -C team/many.git pack-refs --all`;
  world.run("sh", "-c", refs);
  const hook = join(world.repository("team/guarded.git"), "hooks", "pre-receive");
  writeFileSync(hook, "#!/bin/sh\ncat >/dev/null\necho 'not on a Sunday' >&2\nexit 1\n");
  chmodSync(hook, 0o755);
  init("team/large.git");
  for (let piece = 0; piece < LARGE_PIECES; piece++) {
    world.run("sh", "-c", `head -c 8000000 /dev/urandom >${work}/large-${piece}`);
  }
  at("add", ".");
  at(...identity, "-c", "core.compression=0", "commit", "-q", "-m", "large");
  at("push", "-q", world.repository("team/large.git"), "main");
}

/** A clone of which a part has arrived. */
async function startLargeClone(world: World): Promise<RunningProgram> {
  const at = world.destination();
  const url = urlOf(at, "team/large.git");
  const client = new RunningProgram("git", ["clone", "--progress", url, "large"], {
    cwd: at.home,
    environment: gitEnvironment(at),
  });
  await client.untilSays(/Receiving objects: +\d/);
  return client;
}

const in1 = ({ home }: Destination): { cwd: string } => ({ cwd: join(home, "one") });
const in2 = ({ home }: Destination): { cwd: string } => ({ cwd: join(home, "two") });

/** What the server said first; version 0 says nothing of it. */
function spokenVersion(trace: string): number {
  return Number(/clone< version (\d)/.exec(trace)?.[1] ?? 0);
}

async function commit(at: Destination, clone: string, text: string): Promise<void> {
  const options = { cwd: join(at.home, clone) };
  await git(at, ["commit", "-q", "--allow-empty", "-m", text], options);
}

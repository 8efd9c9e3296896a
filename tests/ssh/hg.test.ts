/** Mercurial's own client and server, whose client speaks first, with a backend that is late. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { skipWithout } from "../servers/openssh/programs.ts";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { type Destination, type RanProgram, runProgram } from "./clients/client.ts";
import { urlOf } from "./clients/git.ts";
import { sshCommandLine } from "./clients/openssh.ts";
import { plinkCommandLine, puttyEnvironment } from "./clients/putty.ts";
import { startWorld, type World } from "./world.ts";

describe("hg", { skip: skipSshd("hg"), timeout: 150_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld();
    const repository = world.repository("team/mercurial");
    world.run("hg", "init", repository);
    world.run("sh", "-c", `echo 1 >${repository}/file-1`);
    world.run("hg", "-R", repository, "commit", "-A", "-q", "-u", "Ann", "-m", "first");
    world.run("hg", "-R", repository, "update", "-q", "null");
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  it("clones, pushes and pulls, each with the backend two seconds late", async () => {
    const at = world.destination();
    const url = urlOf(at, "team/mercurial");
    const [one, two] = [join(at.home, "one"), join(at.home, "two")];
    await world.late(() => hg(at, "clone", "-q", url, one));
    await hg(at, "clone", "-q", one, two);
    await runProgram({ program: "sh", args: ["-c", `head -c 2000000 /dev/urandom >${one}/noise`] });
    await hg(at, "-R", one, "commit", "-A", "-q", "-u", "Ann", "-m", "second");
    await world.late(() => hg(at, "-R", one, "push", "-q", url));
    await world.late(() => hg(at, "-R", two, "pull", "-q", url));
    const id = ["log", "-r", "tip", "-T", "{node}"];
    assert.equal(await hg(at, "-R", two, ...id), await hg(at, "-R", one, ...id));
    await hg(at, "-R", two, "verify", "-q");
    assert.equal(
      world.run("hg", "-R", world.repository("team/mercurial"), ...id),
      await hg(at, "-R", one, ...id),
    );
  });

  it("clones through plink, as TortoiseHg does", { skip: skipWithout("plink") }, async () => {
    const at = world.destination("rsa");
    // With a port in the URL, hg on Linux would say -p, which plink does not know.
    const url = `ssh://${at.user}@${at.host}/team/mercurial`;
    const clone = join(at.home, "one");
    const { exitCode, stderr } = await runProgram({
      program: "hg",
      args: ["--config", `ui.ssh=${plinkCommandLine(at)} -P ${at.port}`, "clone", "-q", url, clone],
      environment: { ...puttyEnvironment(at), HGPLAIN: "1", HGRCPATH: "" },
    });
    assert.equal(exitCode, 0, stderr.toString());
    await hg(at, "-R", clone, "verify", "-q");
  });

  it("hears of a repository that is not there", async () => {
    const at = world.destination();
    const url = urlOf(at, "team/none");
    const { stderr, exitCode } = await runHg(at, ["clone", url, join(at.home, "none")]);
    assert.equal(exitCode, 255);
    assert.match(stderr.toString(), /not found|no suitable response|no such/i);
  });

  it("shows what a hook of the server said", async () => {
    const at = world.destination();
    const url = urlOf(at, "team/mercurial");
    const clone = join(at.home, "guarded");
    await hg(at, "clone", "-q", url, clone);
    const rc = join(world.repository("team/mercurial"), ".hg", "hgrc");
    const hook = "echo not on a Sunday >&2; exit 1";
    world.run("sh", "-c", `printf '[hooks]\\npretxnchangegroup = %s\\n' '${hook}' >${rc}`);
    await runProgram({ program: "sh", args: ["-c", `echo 2 >${clone}/file-2`] });
    await hg(at, "-R", clone, "commit", "-A", "-q", "-u", "Ann", "-m", "third");
    const { stdout, stderr, exitCode } = await runHg(at, ["-R", clone, "push", url]);
    assert.notEqual(exitCode, 0);
    assert.match(`${stdout.toString()}${stderr.toString()}`, /remote: not on a Sunday/);
    world.run("rm", rc);
  });
});

async function runHg(at: Destination, args: readonly string[]): Promise<RanProgram> {
  return runProgram({
    program: "hg",
    args: ["--config", `ui.ssh=${sshCommandLine(at)}`, ...args],
    cwd: at.home,
    environment: { HOME: at.home, HGPLAIN: "1", HGRCPATH: "", HGUSER: "Ann" },
  });
}

async function hg(at: Destination, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await runHg(at, args);
  if (exitCode !== 0) throw new Error(`hg ${args.join(" ")}: ${exitCode}\n${stderr.toString()}`);
  return stdout.toString();
}

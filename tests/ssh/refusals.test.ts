/** What the proxy is not for: refused in words that a user understands, and nothing runs. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { runScp, runSftp, runSsh } from "./clients/openssh.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { startWorld, type World } from "./world.ts";

const REFUSED = 128;
/** A sentence, and no word of a shell, a stack or a backend. */
const FRIENDLY = /[A-Za-z]{2,} [a-z]{2,}.*/;
const UNFRIENDLY = /\bat .*:\d+|undefined|the backend was asked|command not found/;

/** None of them is a command that there is; some would be more than one for a shell. */
const COMMANDS = [
  "id",
  "ls -la",
  "sh -c id",
  "git-shell",
  "git-upload-pack",
  "git-upload-pack team/project.git extra",
  "git-upload-pack 'a;touch MARK'",
  "git-upload-pack 'a' ; touch MARK",
  "git-upload-pack 'a' && touch MARK",
  "git-upload-pack 'a' | touch MARK",
  "git-upload-pack `touch MARK`",
  "git-upload-pack $(touch MARK)",
  "git-upload-pack 'a\ntouch MARK'",
  "git-upload-pack 'a'\ntouch MARK",
  "git-upload-pack --upload-pack=touch",
  "git-upload-pack '--help'",
  "git-upload-pack '-oProxyCommand=touch MARK'",
  "git-upload-pack --strict 'team/project.git'",
  "hg -R --debugger serve --stdio",
  "hg -R '--config=alias.serve=!touch MARK' serve --stdio",
  "hg -R x serve --stdio --config ui.debug=yes",
  "hg -R x --config alias.serve='!touch MARK' serve --stdio",
  "hg -R x serve",
  "git-upload-pack ‘team/project.git’",
  "git-upload-pack “team/project.git”",
];

const PATHS = [
  "../secret.git",
  "team/../../secret.git",
  "team/../project.git",
  "%2e%2e/secret.git",
  "..\\secret.git",
  "team\\..\\secret.git",
  "team//project.git",
  ".git/../..",
  "./team/project.git",
  "team/./project.git",
  "~root/x.git",
  "",
  "/",
  "x".repeat(4_000),
];

describe(
  "refused",
  { skip: onlyProxy === false ? skipSshd() : onlyProxy, timeout: 100_000 },
  () => {
    let world!: World;
    before(async () => {
      world = await startWorld();
      world.run("git", "init", "-q", "--bare", "team/project.git");
      world.run("git", "init", "-q", "--bare", "../secret.git");
    });
    after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

    const run = (command: string, more: readonly string[] = []) =>
      runSsh({ destination: world.destination(), command }, more);

    const assertRefused = (ran: { exitCode: number | null; stderr: Buffer }): void => {
      const said = ran.stderr.toString();
      assert.equal(ran.exitCode, REFUSED, said);
      assert.match(said, FRIENDLY);
      assert.doesNotMatch(said, UNFRIENDLY);
      // Whatever a client sends, a terminal only gets text.
      assert.doesNotMatch(said.replaceAll(/\r?\n/g, ""), /\p{Cc}/u);
    };

    describe("is a command", { concurrency: 2 }, () => {
      for (const command of COMMANDS) {
        it(JSON.stringify(command), async () => {
          const mark = join(world.folder, "repositories", "mark");
          assertRefused(await run(command.replaceAll("MARK", mark)));
          assert.ok(!existsSync(mark), "it was run");
        });
      }

      it("of 30,000 bytes", async () => {
        assertRefused(await run(`git-upload-pack '${"x".repeat(30_000)}'`));
      });

      it("of 64 KiB, which is more than a packet may have", async () => {
        assert.notEqual((await run(`git-upload-pack '${"x".repeat(65_536)}'`)).exitCode, 0);
      });

      after(() => assert.equal(sessionsOf(world), 0, "the backend was asked"));
    });

    describe("is a repository", { concurrency: 2 }, () => {
      for (const path of PATHS) {
        it(JSON.stringify(path.slice(0, 40)), async () => {
          assertRefused(await run(`git-upload-pack '${path}'`));
        });
      }

      after(() => assert.equal(sessionsOf(world), 0, "the backend was asked"));
    });

    describe("is another use:", { concurrency: 2 }, () => {
      it("a shell, which says who one is", async () => {
        for (const more of [["-T"], ["-tt"]]) {
          const { exitCode, stdout, stderr } = await run("", more);
          assert.match(`${stdout.toString()}${stderr.toString()}`, /aviato/);
          assert.notEqual(exitCode, 255);
        }
      });

      it("sftp", async () => {
        const { exitCode, stderr } = await runSftp(world.destination(), "ls\n");
        assert.notEqual(exitCode, 0);
        assert.match(stderr.toString(), /refused|failed|closed/i);
      });

      for (const legacy of [false, true]) {
        it(`scp${legacy ? " of old" : ""}`, async () => {
          const at = world.destination();
          const file = join(at.home, "file");
          writeFileSync(file, "hello");
          const { exitCode } = await runScp(at, file, "copied", legacy);
          assert.notEqual(exitCode, 0);
          assert.ok(!existsSync(join(world.folder, "home", "copied")));
        });
      }

      it("forwarding a port to the server's side", async () => {
        const { exitCode, stderr } = await run("", ["-W", world.sshd.address]);
        assert.equal(exitCode, 255);
        assert.match(stderr.toString(), /open failed|forwarding failed/);
      });

      it("forwarding a port from the server's side", async () => {
        const more = ["-o", "ExitOnForwardFailure=yes", "-R", "127.0.0.1:0:127.0.0.1:9"];
        const { exitCode, stderr } = await run("git-upload-pack 'cases/exit-7'", more);
        assert.equal(exitCode, 255);
        assert.match(stderr.toString(), /forwarding failed/);
      });

      it("an agent and X11: the command goes on without", async () => {
        const environment = await run("git-upload-pack 'cases/environment'", ["-A"]);
        assert.equal(environment.exitCode, 0, environment.stderr.toString());
        assert.doesNotMatch(environment.stdout.toString(), /SSH_AUTH_SOCK|DISPLAY/);
      });

      it("a terminal: the command goes on without, byte for byte", async () => {
        const { stdout, exitCode } = await run("git-upload-pack 'cases/send-65536'", ["-tt"]);
        assert.equal(exitCode, 0);
        assert.deepEqual(stdout, world.random.subarray(0, 65_536));
      });
    });
  },
);

/** How many commands the backend was given. */
function sessionsOf({ sshd }: World): number {
  return sshd.log().split("Starting session").length - 1;
}

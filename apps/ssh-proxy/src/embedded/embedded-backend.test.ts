/** The demo as its user meets it: the system's git, through the proxy, at the embedded backend. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { MemoryLogger, SystemClock, systemRandom, TcpNetwork } from "holdfast";
import { parseProcessOptions } from "../process/options.ts";
import { openProxyProcess, type ProxyProcess } from "../process/proxy-process.ts";
import { completeSettings } from "../process/settings.ts";
import { loginSsh } from "../ssh/connection/client-connection.ts";
import { completeSshConnectionOptions } from "../ssh/connection/connection-options.ts";
import { OutputMemory } from "../ssh/connection/output-memory.ts";
import type { SshClientConnection } from "../ssh/connection/ssh-connection.ts";
import { RecordedChannel } from "../ssh/connection/testing/recorded-channel.ts";
import { MessageReader } from "../ssh/message-reader.ts";
import { MessageWriter } from "../ssh/message-writer.ts";
import { createSshTransport } from "../ssh/transport/own-transport.ts";
import { writeKnownHosts } from "./demo-files.ts";
import { GitHost } from "./git-host.ts";

const run = promisify(execFile);
const missing = ["git", "ssh"].filter((name) => spawnSync(name, ["-V"]).error !== undefined);
const skip = missing.length > 0 ? `without ${missing.join(", ")}` : false;
const PATH = process.env["PATH"] ?? "/usr/bin:/bin";

describe("the embedded backend", { skip, timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-embedded-"));
  const clock = new SystemClock();
  const network = new TcpNetwork(clock);
  let proxy!: ProxyProcess;
  let environment: Record<string, string> = {};
  let url = "";

  before(async () => {
    const args = ["--data", folder, "--port", "0", "--ops-port", "0", "--log", "-"];
    proxy = await openProxyProcess({
      options: parseProcessOptions(args),
      settings: completeSettings({}, "defaults"),
      fileDescriptor: undefined,
      runtime: { clock, network, logger: new MemoryLogger(), random: systemRandom() },
      secrets: {},
      environment: { PATH, HOME: folder },
    });
    await proxy.lifecycle.start();
    const { address } = proxy.proxy;
    assert.ok(address.kind === "tcp");
    writeKnownHosts(proxy.demo!, address.host, address.port);
    const { userKey, knownHosts } = proxy.demo!;
    environment = {
      ...{ PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" },
      ...{ GIT_AUTHOR_NAME: "T", GIT_AUTHOR_EMAIL: "t@t.invalid" },
      ...{ GIT_COMMITTER_NAME: "T", GIT_COMMITTER_EMAIL: "t@t.invalid" },
      GIT_SSH_COMMAND: [
        `ssh -F none -i ${userKey} -o IdentitiesOnly=yes -o BatchMode=yes`,
        `-o UserKnownHostsFile=${knownHosts}`,
      ].join(" "),
    };
    url = `ssh://git@${address.host}:${address.port}/demo.git`;
  });

  after(async () => {
    await proxy.lifecycle.shutdown("the test is over");
    rmSync(folder, { recursive: true });
  });

  const git = async (at: string, ...args: string[]): Promise<string> => {
    const { stdout } = await run("git", ["-C", at, ...args], { env: environment });
    return stdout.trim();
  };
  const clone = async (name: string, ...options: string[]): Promise<string> => {
    await git(folder, "clone", "--quiet", ...options, url, name);
    return join(folder, name);
  };

  for (const version of ["0", "1", "2"]) {
    it(`clones, takes a push and gives it back, with protocol ${version}`, async () => {
      const protocol = ["-c", `protocol.version=${version}`];
      const first = await clone(`first-${version}`, ...protocol);
      // More than any window, and not to be compressed.
      const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * at * 31) >> 7));
      writeFileSync(join(first, `large-${version}`), bytes);
      await git(first, "add", ".");
      await git(first, "commit", "--quiet", "-m", `protocol ${version}`);
      await git(first, ...protocol, "push", "--quiet", "origin", "main");
      const second = await clone(`second-${version}`, ...protocol);
      assert.equal(await git(second, "rev-parse", "main"), await git(first, "rev-parse", "main"));
      await git(second, "fsck", "--strict");
      assert.deepEqual(proxy.proxy.counts.sessions, 0);
    });
  }

  it("passes on what a hook says, and that it refused", async () => {
    const hooks = join(proxy.demo!.repositories, "demo.git", "hooks");
    mkdirSync(hooks, { recursive: true });
    const hook = join(hooks, "pre-receive");
    writeFileSync(hook, "#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n", { mode: 0o755 });
    try {
      const at = await clone("hooked");
      await git(at, "commit", "--quiet", "--allow-empty", "-m", "late");
      await assert.rejects(git(at, "push", "origin", "main"), /remote: not on a Friday/);
    } finally {
      rmSync(hook);
    }
  });

  it("says that there is no such repository", async () => {
    const other = url.replace("demo.git", "other.git");
    await assert.rejects(git(folder, "clone", other, "other"), /There is no such repository/);
  });
});

describe("the embedded backend by itself", { skip, timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-host-"));
  const clock = new SystemClock();
  const network = new TcpNetwork(clock);
  let host!: GitHost;
  const opened: SshClientConnection[] = [];

  before(async () => {
    const { USER_KEY, HOST_KEY } = await import("../ssh/connection/testing/keys.ts");
    const root = join(folder, "repositories");
    mkdirSync(root);
    await run("git", ["init", "--quiet", "--bare", join(root, "empty.git")]);
    host = new GitHost({
      ...{ clock, network, root, createTransport: createSshTransport, hostKey: HOST_KEY },
      ...{ clientKey: USER_KEY.publicKey, environment: { PATH }, memory: new OutputMemory() },
    });
    await host.start();
  });

  after(async () => {
    await host.stop();
    for (const connection of opened) await connection.ended;
    rmSync(folder, { recursive: true });
  });

  const login = async (which: "USER_KEY" | "STRANGER_KEY" = "USER_KEY") => {
    const keys = await import("../ssh/connection/testing/keys.ts");
    const [name = "", port = ""] = host.address.split(":");
    const address = { kind: "tcp", host: name, port: Number(port) } as const;
    const socket = await network.connect(address, { timeoutMs: 5_000 });
    return loginSsh({
      ...{ socket, clock, user: "git", keys: [keys[which]], ident: "Test" },
      ...{ acceptHostKey: () => true, createTransport: createSshTransport },
      ...{ options: completeSshConnectionOptions(), memory: new OutputMemory() },
    }).connection;
  };

  /** Until it is closed: what it was told, and how it ended. */
  const exec = async (command: string, ...more: readonly string[]) => {
    const connection = await login();
    opened.push(connection);
    const { promise, resolve } = Promise.withResolvers<void>();
    const session = new RecordedChannel();
    let status = -1;
    let stderr = "";
    session.answer = (name, payload) => {
      if (name === "exit-status") status = new MessageReader(payload, 0).uint32();
      return true;
    };
    session.onStderr = (bytes) => void (stderr += bytes.toString());
    session.onClose = () => resolve();
    const channel = await connection.openSession(session, 1_000_000);
    const granted = await channel.ask("exec", new MessageWriter().string(command).finish());
    for (const name of more) channel.request(name);
    channel.eof();
    await promise;
    connection.disconnect(11, "done");
    return { granted, status, stderr, bytes: session.bytes };
  };

  it("lets nobody in but the proxy", async () => {
    await assert.rejects(login("STRANGER_KEY"), /does not let git in/);
  });

  it("answers a request that it refuses before it says why", async () => {
    const { granted, status, stderr } = await exec("rm -rf /");
    assert.deepEqual([granted, status], [true, 127]);
    assert.ok(stderr.length > 10);
    const lfs = await exec("git-lfs-authenticate 'empty.git' download");
    assert.match(lfs.stderr, /has no git-lfs-authenticate/);
  });

  it("passes the program's own words and status on", async () => {
    const { status, stderr } = await exec("git-upload-pack 'nowhere.git'");
    assert.equal(status, 128);
    assert.match(stderr, /not appear to be a git repository/);
    const empty = await exec("git-upload-pack 'empty.git'");
    assert.ok(empty.bytes.toString().startsWith("00"));
  });

  it("loses no words on stderr when the client wants no more output, said twice", async () => {
    const eow = "eow@openssh.com";
    const { status, stderr } = await exec("git-upload-pack 'nowhere.git'", eow, eow);
    assert.equal(status, 128);
    assert.match(stderr, /not appear to be a git repository/);
  });

  it("has no channel left when all are over", async () => {
    for (const connection of opened) await connection.ended;
    assert.deepEqual(
      opened.map(({ channelCount }) => channelCount),
      opened.map(() => 0),
    );
  });
});

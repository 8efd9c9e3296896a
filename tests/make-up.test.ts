/** `make up`: every program starts, the line that it prints clones, and all end in order. */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { skipWithout } from "./servers/openssh/programs.ts";
import { until } from "./ssh/until.ts";

const UP = fileURLToPath(new URL("../tools/up.ts", import.meta.url));
const PORTS = ["port", "ops-port", "feed-port", "feed-ops-port", "ssh-port", "ssh-ops-port"];
/** Eight processes start, on a machine that may have other work. */
const START_MS = 60_000;

describe("make up", { skip: skipWithout("git", "ssh"), timeout: 240_000 }, () => {
  let folder = "";
  let data = "";

  before(() => {
    // With a blank in it, which a line to be pasted has to survive.
    folder = mkdtempSync(join(tmpdir(), "make up "));
    data = join(folder, "data");
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const start of ["first", "second"]) {
    it(`prints a line that clones from any folder, on a ${start} start`, async () => {
      const up = startUp(data);
      try {
        await up.started();
        const elsewhere = join(folder, start);
        mkdirSync(elsewhere);
        const line = /^ +(GIT_SSH_COMMAND=.*)$/m.exec(up.said())?.[1] ?? assert.fail(up.said());
        execFileSync("sh", ["-c", line], { cwd: elsewhere, stdio: "ignore" });
        assert.match(readFileSync(join(elsewhere, "demo", "README.md"), "utf8"), /^# demo\n/);
      } finally {
        assert.equal(await up.end(), 0, up.said());
      }
      const end = "ended (SIGTERM): every call was answered, every session ended by itself";
      assert.equal(up.said().trimEnd().split("\n").at(-1), end);
      assert.equal(existsSync(join(data, "ssh-proxy", "ssh-proxy.pid")), false);
    });
  }

  for (const option of ["ssh-port", "ssh-ops-port", "feed-port"]) {
    it(`says in one line that --${option} is taken, and leaves nothing behind`, async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const up = startUp(join(folder, option), { [option]: portOf(taken) });
      try {
        assert.equal(await up.ended, 1);
        const line = new RegExp(`^[^\\n]*\\b${portOf(taken)}\\b[^\\n]*\\n$`);
        assert.match(up.said(), line);
      } finally {
        await up.end();
        taken.close();
      }
    });
  }
});

interface StartedUp {
  /** Its exit code once everything that it started has ended; undefined after a signal. */
  readonly ended: Promise<number | undefined>;
  /** All that it printed so far. */
  said(): string;
  /** Resolves when all programs are ready. */
  started(): Promise<void>;
  /** Asks it to end, unless it has; its exit code. */
  end(): Promise<number | undefined>;
}

function startUp(data: string, ports: Readonly<Record<string, number>> = {}): StartedUp {
  const options = PORTS.flatMap((name) => [`--${name}`, String(ports[name] ?? 0)]);
  const up: ChildProcessByStdio<null, Readable, Readable> = spawn(
    process.execPath,
    [UP, "--data", data, ...options],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  for (const stream of [up.stdout, up.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  }
  const ended = once(up, "close").then(([code]) => (code as number | null) ?? undefined);
  const hasEnded = (): boolean => up.exitCode !== null || up.signalCode !== null;
  return {
    ended,
    said: () => text,
    started: async () => {
      const isStarted = (): boolean => /^Ctrl-C/m.test(text) || hasEnded();
      await until("start", isStarted, { withinMs: START_MS, instead: () => text });
      assert.equal(hasEnded(), false, text);
    },
    end: () => {
      if (!hasEnded()) up.kill("SIGTERM");
      return ended;
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : assert.fail();
}

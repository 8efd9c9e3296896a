import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { CHAIN_START, chainLine } from "@holdfast/ops";
import { END_REASON_TEXTS } from "./logs/end-reasons.ts";
import { EVENT_WORDS } from "./logs/tell-event.ts";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-logs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const KEY = "106abc0c";
const START = 1_767_225_600_000;
const COUNTS = { bytesIn: 70, bytesOut: 8_200, durationMs: 5_060 };
const PUBLIC_KEY = { user: "git", method: "publickey", fingerprint: "SHA256:abc" };
const WHO = { account: "aviato", publicKeyName: "BuildServer" };
/** What happened, at so many milliseconds. */
const STORY: readonly (readonly [number, string, object])[] = [
  [0, "accept", { addr: "10.0.0.7:5", proxiedBy: "10.0.0.1:9" }],
  [3, "ident", { ident: "SSH-2.0-OpenSSH_9.2p1" }],
  [12, "kex", { kex: "curve25519-sha256", hostKey: "ssh-ed25519", ...ciphers(), strictKex: true }],
  [20, "auth", { ...PUBLIC_KEY, result: "offered" }],
  [31, "auth", { ...PUBLIC_KEY, result: "accepted", ...WHO }],
  [40, "exec", { channel: 1, command: "git-upload-pack 'a.git'" }],
  [42, "route", { channel: 1, verb: "git-upload-pack", access: "read", ...route() }],
  [55, "dial", { channel: 1, backend: "east", addr: "10.0.0.9:22", reused: false, durationMs: 13 }],
  [56, "splice", { channel: 1, sinceExecMs: 16 }],
  [5_100, "exit", { channel: 1, status: 0, reason: "done", ...COUNTS, bufferedPeakBytes: 65_536 }],
  [65_100, "end", { reason: "client-closed", sessions: 1, ...COUNTS }],
];

describe("holdfast logs", () => {
  it("tells a session as a story, with the times since the accept", async () => {
    const { code, stdout } = await tell([...noise(), ...linesOf(STORY), ...noise()]);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `session 106abc0c of aviato, key BuildServer, from 10.0.0.7:5, 2026-01-01T00:00:00.000Z

   +0.000 s  connected from 10.0.0.7:5 by way of 10.0.0.1:9
   +0.003 s  calls itself SSH-2.0-OpenSSH_9.2p1
   +0.012 s  keys exchanged: curve25519-sha256, host key ssh-ed25519, aes128-gcm, strict
   +0.020 s  asks whether it could log in as git by publickey with the key SHA256:abc
   +0.031 s  logs in as git by publickey with the key SHA256:abc: aviato, key BuildServer
   +0.040 s  [1] asks for: git-upload-pack 'a.git'
   +0.042 s  [1] a.git is at east, /srv/a.git; to read with git-upload-pack (2 ms)
   +0.055 s  [1] connects to 10.0.0.9:22 of east (13 ms)
   +0.056 s  [1] both sides connected, 16 ms after the command
   +5.100 s  [1] command ended with status 0 (done): 70 B in, 8.2 kB out in 5.1 s, 65.5 kB buffered
  +1:05.100  connection ended (client-closed): 1 session, 70 B in, 8.2 kB out in 5.1 s

Nothing went wrong.
`,
    );
  });

  it("puts what was written late where it happened", async () => {
    const held = linesOf(STORY.slice(0, 4)).map((line) => ({ ...line, time: START + 99 }));
    const mixed = [...linesOf(STORY.slice(4)), ...held];
    const sorted = await tell(linesOf(STORY));
    assert.equal((await tell(mixed)).stdout, sorted.stdout);
  });

  it("says in one sentence what went wrong, by what is nearest to the cause", async () => {
    for (const [last, sentence] of [
      [
        [exited("backend-lost"), ended("client-closed")],
        /^What went wrong: The connection to the ba/m,
      ],
      [
        [[57, "refuse", { channel: 1, why: "no shell here" }], exited("refused")],
        /^What went wrong: The proxy refused what was asked for \(no shell here\)\.$/m,
      ],
      [
        [[57, "dial", { channel: 1, backend: "east", error: "ECONNREFUSED" }], ...unreachable()],
        /^What went wrong: No host of the backend could be connected to \(ECONNREFUSED\)\.$/m,
      ],
      [
        [[70, "end", { reason: "limit", text: "too many sessions", sessions: 0, ...COUNTS }]],
        /^What went wrong: A limit was reached: .* \(too many sessions\)\.$/m,
      ],
      [[ended("login-timeout")], /^What went wrong: Nobody logged in within the time/m],
      [
        [exited("done", { status: 7 }), ended("client-closed")],
        /and the status 7 is the command's own/,
      ],
      [
        [exited("done", { signal: "KILL" }), ended("client-closed")],
        /the signal KILL is the command/,
      ],
      [[exited("done")], /^It has not ended yet, or its end is not in these lines\.$/m],
      [[ended("new-reason")], /^What went wrong: It ended for this reason: new-reason\.$/m],
    ] as const) {
      const { stdout } = await tell(linesOf([...STORY.slice(0, 9), ...last]));
      assert.match(stdout, sentence);
    }
  });

  it("tells other lines of the session too, and attempts of every kind", async () => {
    const { stdout } = await tell([
      ...linesOf([
        [0, "accept", { addr: "10.0.0.7:5" }],
        [1, "auth", { ...PUBLIC_KEY, result: "refused", why: "unknown key" }],
        [2, "auth", { user: "git", method: "none", result: "unavailable", why: "no answer" }],
        [3, "auth", { ...PUBLIC_KEY, result: "partial" }],
        [4, "refuse", { channel: 2, why: "no shell here" }],
        [5, "dial", { channel: 2, backend: "east", addr: "", durationMs: 5_000, error: "timeout" }],
        [6, "dial", { channel: 2, backend: "east", addr: "10.0.0.9:22", reused: true }],
        [7, "later", { channel: 2, thing: 5 }],
      ]),
      { time: START + 8, msg: "session failed", sessionKey: KEY, error: { code: "internal" } },
    ]);
    for (const words of [
      "nobody logged in, from 10.0.0.7:5",
      "may not log in as git by publickey with the key SHA256:abc: unknown key",
      "cannot be told whether it may log in as git by none: no answer",
      "proves one key, and needs another,",
      "[2] refused: no shell here",
      "[2] no connection to east (5.0 s): timeout",
      "[2] uses the connection to 10.0.0.9:22 of east that is there already",
      '[2] ssh later {"thing":5}',
      '+0.008 s  session failed {"error":{"code":"internal"}}',
    ]) {
      assert.ok(stdout.includes(words), `${words} in\n${stdout}`);
    }
  });

  it("tells sessions apart that had the same key one after the other", async () => {
    const later = STORY.map(([at, event, fields]) => [at + 900_000, event, fields] as const);
    const { stdout } = await tell([...linesOf(STORY), ...linesOf(later)]);
    assert.equal(stdout.match(/^session 106abc0c of/gm)?.length, 2);
    assert.equal(stdout.match(/^Nothing went wrong\.$/gm)?.length, 2);
    const middle = await tell(linesOf(STORY.slice(4)));
    assert.match(middle.stdout, /its beginning is not in these lines/);
  });

  it("prints the lines as they are with --json", async () => {
    const lines = linesOf(STORY);
    const { stdout } = await tell([...noise(), ...lines.toReversed()], "--json");
    const printed = stdout.trim().split("\n");
    assert.deepEqual(
      printed,
      lines.map((line) => JSON.stringify(line)),
    );
  });

  it("reads plain and packed files and standard input, and tells what is in two once", async () => {
    const half = Math.floor(STORY.length / 2);
    const [first, second] = [STORY.slice(0, half + 2), STORY.slice(half)].map((part) => {
      return textOf(linesOf(part));
    }) as [string, string];
    writeFileSync(join(folder, "one.log"), first);
    writeFileSync(join(folder, "two.log.gz"), gzipSync(second));
    const expected = (await tell(linesOf(STORY))).stdout;
    assert.equal((await run(["106ABC0C", "one.log", "two.log.gz"])).stdout, expected);
    assert.equal((await run([KEY, "two.log.gz", "-"], first)).stdout, expected);
    assert.equal((await run([KEY], textOf(linesOf(STORY)))).stdout, expected);
    const prefixed = linesOf(STORY).map((line) => `ssh-proxy-1  | ${JSON.stringify(line)}\r\n`);
    assert.equal((await run([KEY], prefixed.join(""))).stdout, expected);
  });

  it("tells audit files and dumps of a crash as well", async () => {
    let chain = CHAIN_START;
    const audit = linesOf(STORY).map(({ level: _level, time: _time, msg: _msg, ...fields }) => {
      const next = chainLine(chain, fields);
      chain = next.end;
      return next.line;
    });
    const expected = (await tell(linesOf(STORY))).stdout;
    assert.equal((await run([KEY], audit.join(""))).stdout, expected);
    assert.equal((await run([KEY], audit.join("") + textOf(linesOf(STORY)))).stdout, expected);
  });

  it("says that a key is unknown, and who was there last", async () => {
    const { code, stdout, stderr } = await run(["ffffffff"], textOf(noise(9)));
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /no line has the SessionKey ffffffff\n {2}the last who logged in:\n/);
    const last = stderr.match(/^ {2}0000000\d {2}account \d, 2026-01-01T00:00:00\.005Z$/gm);
    assert.equal(last?.length, 5);
    assert.match(last.at(-1)!, /00000008 {2}account 8/);
    const none = await run(["ffffffff"], "no json\n");
    assert.match(none.stderr, /there is no login at all in these lines/);
  });

  it("lets nothing from a log move the cursor", async () => {
    const evil = "\u001b[2J\u009b2J\u202e\n";
    const lines = linesOf([
      [0, "accept", { addr: evil }],
      [1, "exec", { channel: 1, command: evil }],
      [2, evil, { [evil]: evil }],
      [3, "auth", { ...PUBLIC_KEY, result: "accepted", account: evil }],
    ]);
    for (const args of [[KEY], [KEY, "--json"], ["ffffffff"]]) {
      const { stdout, stderr } = await run(args, textOf(lines));
      assert.doesNotMatch((stdout + stderr).replaceAll("\n", ""), /[\p{Cc}\u202e]/u);
    }
  });

  it("answers to any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.string(), ANY_LINE)), async (lines) => {
        const { code, stderr } = await run([KEY], lines.join("\n"));
        assert.ok(code === 0 || code === 1);
        assert.doesNotMatch(stderr, /run it again with --debug/);
      }),
      { numRuns: 200 },
    );
  });

  it("says what is wrong with the command line", async () => {
    for (const [args, reason] of [
      [[], /the SessionKey is missing/],
      [["106abc0"], /"106abc0" is no SessionKey\n {2}it has 8 hexadecimal digits/],
      [["ssh.log"], /is no SessionKey/],
      [[KEY, "none.log"], /cannot read none\.log: ENOENT.*\n {2}name a log file/],
      [[KEY, "."], /cannot read \.: EISDIR/],
      [["--verify"], /the audit file is missing/],
      [["--verify", "--json", "a"], /leave --json out/],
      [["--verify", "none.log"], /cannot read none\.log/],
    ] as const) {
      const { code, stderr } = await run(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    }
    writeFileSync(join(folder, "broken.log.gz"), "not packed");
    assert.match((await run([KEY, "broken.log.gz"])).stderr, /cannot read broken\.log\.gz: /);
  });

  it("knows every event and every reason of the log's page, and no other", () => {
    const page = readFileSync(
      join(import.meta.dirname, "../../../../docs/reference/ssh-log.md"),
      "utf8",
    );
    const events = Array.from(page.matchAll(/^### `(\w+)`$/gm), ([, name]) => name);
    assert.deepEqual(events, Object.keys(EVENT_WORDS));
    const [, reasons = ""] = /\n## Reasons\n([^]*?)\n## /.exec(page) ?? [];
    const listed = Array.from(reasons.matchAll(/^\| `([\w-]+)` /gm), ([, name]) => name);
    assert.deepEqual(listed, Object.keys(END_REASON_TEXTS));
  });
});

describe("a long log", () => {
  it("is read with no more of it in memory than a line", async () => {
    const noiseBytes = Buffer.from(textOf(noise(2_000)));
    const story = Buffer.from(textOf(linesOf(STORY)));
    let mostBytes = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      const before = liveBytes();
      for (let round = 0; round < 100; round++) {
        yield Buffer.from(noiseBytes);
        if (round % 10 === 9) mostBytes = Math.max(mostBytes, liveBytes() - before);
      }
      yield Buffer.from(`{"sessionKey":"${KEY}","x":"${"y".repeat(3 * MEGABYTE)}"}\n`);
      yield story;
    };
    const { code, stdout } = await run([KEY], source());
    assert.equal(code, 0);
    assert.match(stdout, /Nothing went wrong/);
    assert.ok(noiseBytes.length * 100 > 30 * MEGABYTE, "the log is long");
    assert.ok(mostBytes < 4 * MEGABYTE, `it kept ${mostBytes} bytes`);
  });
});

const MEGABYTE = 1024 * 1024;

/** What is in use after a collection. */
function liveBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const FIELD = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.keys(EVENT_WORDS)));
const ANY_LINE = fc
  .dictionary(fc.constantFrom("event", "at", "time", "addr", "channel", "reason", "status"), FIELD)
  .map((fields) => JSON.stringify({ ...fields, sessionKey: KEY }));

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Input = string | AsyncIterable<Uint8Array>;

interface LogLine {
  readonly [field: string]: unknown;
}

function ciphers(): object {
  return { cipherIn: "aes128-gcm", cipherOut: "aes128-gcm", sinceAcceptMs: 12 };
}

function route(): object {
  return { repository: "a.git", backend: "east", path: "/srv/a.git", durationMs: 2 };
}

function exited(reason: string, fields: object = { status: 0 }): readonly [number, string, object] {
  return [60, "exit", { channel: 1, ...fields, reason, ...COUNTS, bufferedPeakBytes: 0 }];
}

function ended(reason: string): readonly [number, string, object] {
  return [70, "end", { reason, sessions: 1, ...COUNTS }];
}

function unreachable(): typeof STORY {
  return [exited("backend-unreachable", { status: 128 }), ended("client-closed")];
}

/** As the log writes them. */
function linesOf(story: typeof STORY, sessionKey = KEY): LogLine[] {
  return story.map(([at, event, fields]) => ({
    level: "info",
    time: START + at,
    sessionKey,
    event,
    at: START + at,
    ...fields,
    msg: `ssh ${event}`,
  }));
}

/** Logins of others. */
function noise(count = 3): LogLine[] {
  return Array.from({ length: count }, (_, index) => {
    const key = index.toString(16).padStart(8, "0");
    const fields = { ...PUBLIC_KEY, result: "accepted", account: `account ${index}` };
    return linesOf([[5, "auth", fields]], key)[0]!;
  });
}

function textOf(lines: readonly LogLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function tell(lines: readonly LogLine[], ...options: readonly string[]): Promise<Said> {
  return run([KEY, ...options], textOf(lines));
}

async function run(args: readonly string[], input: Input = ""): Promise<Said> {
  const terminal = new RecordedTerminal(folder, input);
  const code = await runHoldfast(["logs", ...args], terminal);
  const { stdout, stderr } = terminal;
  return { code, stdout, stderr };
}

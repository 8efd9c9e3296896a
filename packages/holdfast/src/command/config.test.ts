import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { FileConfigSource } from "@holdfast/adapters/config-file";
import {
  createContext,
  createOpsServer,
  LiveConfig,
  type LiveSchema,
  MemoryConfigSource,
  StateRegistry,
  StatsRegistry,
  SystemClock,
} from "holdfast";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const PATH = "feed/history/Get";

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe("holdfast config on a file", () => {
  it("makes the file, and changes single fields or all of a document", async (t) => {
    const { config, documents } = place(t);
    assert.equal((await config("set", PATH, '{"retry": {"triesMax": 2}}')).code, 0);
    await config("set", PATH, "retry.backoffMinMs=20", "degrade.mode=off");
    const { $change, ...document } = documents()[PATH]!;
    assert.deepEqual(document, {
      retry: { triesMax: 2, backoffMinMs: 20 },
      degrade: { mode: "off" },
    });
    assert.match(($change as { by: string }).by, /^.+@.+$/);
    await config("set", PATH, "degrade.mode=", "retry.triesMax=");
    assert.deepEqual(documents()[PATH]!["retry"], { backoffMinMs: 20 });
    assert.equal(documents()[PATH]!["degrade"], undefined);
    await config("set", PATH, '{"retry": {"triesMax": 4}}');
    assert.deepEqual(documents()[PATH]!["retry"], { triesMax: 4 });
    await config("set", PATH, "null");
    assert.deepEqual(documents(), {});
  });

  it("shows what would change, and writes nothing, in a diff", async (t) => {
    const { config, file } = place(t, { [PATH]: { retry: { triesMax: 2, backoffMinMs: 5 } } });
    const before = readFileSync(file, "utf8");
    const { code, stdout } = await config("diff", PATH, '{"retry": {"triesMax": 3}}');
    assert.equal(code, 0);
    assert.match(stdout, /retry\.triesMax +2 → 3\n +retry\.backoffMinMs +5 → \(none\)/);
    assert.equal(readFileSync(file, "utf8"), before);
    const same = await config("set", PATH, "retry.triesMax=2");
    assert.match(same.stdout, /nothing to change/);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("goes back one version, to any version, and forward again", async (t) => {
    const { config, documents } = place(t);
    for (const tries of [1, 2, 3]) await config("set", PATH, `retry.triesMax=${tries}`);
    const tries = (): unknown => (documents()[PATH]!["retry"] as { triesMax: number }).triesMax;
    await config("rollback", PATH);
    assert.equal(tries(), 2);
    await config("rollback", PATH);
    assert.equal(tries(), 3, "the second takes the first back");
    const { stdout } = await config("history", PATH);
    const versions = [...stdout.matchAll(/^(\S+) +\S+ by .*\n +(.*)$/gm)];
    assert.deepEqual(
      versions.map(([, , document]) => document),
      [3, 2, 3, 2, 1].map((triesMax) => JSON.stringify({ retry: { triesMax } })),
    );
    assert.match(stdout, /by .*: rolled back to /);
    const oldest = versions.at(-1)![1]!;
    assert.equal((await config("rollback", PATH, "--to", oldest)).code, 0);
    assert.equal(tries(), 1);
    const none = await config("rollback", PATH, "--to", "nothing");
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no revision nothing; nothing was written\n {2}holdfast config hist/);
    assert.equal((await config("rollback", "a/b/c")).code, 1);
    assert.equal((await config("history", "a/b/c")).code, 1);
  });

  it("goes back to nothing when there was nothing", async (t) => {
    const { config, documents } = place(t);
    await config("set", PATH, "retry.triesMax=2");
    await config("rollback", PATH);
    assert.deepEqual(documents(), {});
    await config("rollback", PATH);
    assert.deepEqual(documents()[PATH]!["retry"], { triesMax: 2 });
  });

  it("keeps who, when and why", async (t) => {
    const { config, documents } = place(t);
    await config("set", PATH, "retry.triesMax=2", "--by", "ann", "--why", "slow\u001b[2Jdisk");
    const { by, why, at } = documents()[PATH]!["$change"] as Record<string, string>;
    assert.deepEqual([by, why], ["ann", "slow\u001b[2Jdisk"]);
    assert.ok(Date.parse(at!) > 0);
    const { stdout } = await config("history", PATH);
    assert.match(stdout, /by ann: slow\\u001b\[2Jdisk/);
  });

  it("prints nothing that moves the cursor, whoever wrote it", async (t) => {
    const { config } = place(t, { [PATH]: { retry: { "tries\u009bMax": "\u202e" } } });
    for (const args of [["get"], ["get", PATH], ["diff", PATH, "null"], ["history", PATH]]) {
      const { stdout, stderr } = await config(...args);
      assert.doesNotMatch(
        (stdout + stderr).replaceAll("\n", ""),
        /[\p{Cc}\u202e]/u,
        args.join(" "),
      );
    }
  });

  it("writes only what was looked at, when it is told what that was", async (t) => {
    const { config } = place(t, { [PATH]: { retry: { triesMax: 2 } } });
    const { stderr } = await config("get", PATH);
    const [, revision] = /revision (\S+) of feed/.exec(stderr)!;
    const expected = await config("set", PATH, "retry.triesMax=3", "--expect", revision!);
    assert.equal(expected.code, 0);
    const late = await config("set", PATH, "retry.triesMax=4", "--expect", revision!);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /is at revision \S+, not \S+; nothing was written/);
    assert.equal((await config("set", "a/b/c", "retry.triesMax=4", "--expect", "none")).code, 0);
  });

  it("does not write while another command does, and leaves no other files", async (t) => {
    const { config, file, files } = place(t);
    writeFileSync(`${file}.lock`, "");
    const locked = await config("set", PATH, "retry.triesMax=2");
    assert.equal(locked.code, 1);
    assert.match(locked.stderr, /is locked\n {2}.* remove .*\.lock/);
    rmSync(`${file}.lock`);
    await config("set", PATH, "retry.triesMax=2");
    assert.deepEqual(files(), ["live.json", "live.json.history"]);
  });

  it("refuses what processes would refuse, with path and reason", async (t) => {
    const { config, documents } = place(t);
    for (const [document, reason] of [
      ["retry.triesMax=0", /feed\/history\/Get: retry\.triesMax: is 0; it must be a whole number/],
      ["retry.tries=1", /retry: there is no field "tries"; there are triesMax/],
      ["rety.triesMax=1", /there is no policy "rety"; .*\n {2}policies of your own .* --ops/],
      ['{"retry": 5}', /retry: is 5; it must be an object/],
      ['{"retry": {}', /no JSON: /],
      ["triesMax=1", /"triesMax=1" sets nothing\n {2}give the document as/],
      ["5", /"5" sets nothing/],
    ] as const) {
      const { code, stderr } = await config("set", PATH, document);
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    }
    assert.deepEqual(documents(), {});
  });

  it("says what is wrong with the command line", async (t) => {
    const { config, file } = place(t);
    for (const [args, reason] of [
      [[], /what to do is missing\n {2}there are get, diff, set/],
      [["sett"], /did you mean set\?/],
      [["set"], /the path is missing/],
      [["set", "feed"], /the path "feed" must be CALLER\/CALLEE\/METHOD/],
      [["set", PATH], /what to set is missing/],
      [["get", PATH, "x"], /x is one word too many/],
      [["get", "--etcd", "127.0.0.1:1"], /--etcd and --file are two/],
      [["set", PATH, "a.b=1", "--ops", "6060"], /--ops is 6060\n {2}it must be a URL/],
    ] as const) {
      const { code, stderr } = await config(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    }
    const without = await run("get");
    assert.match(without.stderr, /where the configuration is, is missing/);
    for (const bad of [
      ["--etcd", "x"],
      ["--etcd", "a:1", "--prefix", "x"],
    ]) {
      assert.equal((await run("get", ...bad)).code, 2);
    }
    writeFileSync(file, "{");
    assert.match((await config("get")).stderr, /live\.json: it is no JSON: /);
  });

  it("says that nobody answers at etcd", async () => {
    const { code, stderr } = await run("get", "--etcd", "127.0.0.1:1,127.0.0.1:2");
    assert.equal(code, 5);
    assert.match(stderr, /ECONNREFUSED.*\n {2}check that etcd runs there/);
  });
});

interface TriesLive {
  readonly triesMax: number;
  readonly dark: boolean;
}

/** A policy that only the process knows. */
const TRIES: LiveSchema<TriesLive> = {
  policy: "tries",
  fields: {
    triesMax: { kind: "number", unit: "tries", min: 1, max: 10, whole: true },
    dark: { kind: "boolean" },
  },
  check: ({ triesMax }) => (triesMax === 7 ? `triesMax ${triesMax} is not liked` : undefined),
};

describe("holdfast config with a look at a process", () => {
  it("shows which calls the change is for, how many there are, and each value", async (t) => {
    const { config } = place(t);
    const { url } = await startProcess(t, { "*/history/*": { tries: { triesMax: 3 } } });
    const document = '{"tries": {"triesMax": 5, "dark": true}}';
    const { code, stdout } = await config("diff", "feed/*/*", document, "--ops", url);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${url}$\n +memory at 1$`, "m"));
    assert.match(stdout, /^ {2}feed\/history\/Get {2}50\.0 calls\/s\n {4}tries\.dark/m);
    assert.match(stdout, /tries\.dark {2}false \(its own\) → true/);
    assert.doesNotMatch(stdout, /tries\.triesMax {2}3/, "a more specific rule keeps it");
    assert.doesNotMatch(stdout, /other\/history/, "it is for somebody else");
    const specific = await config("diff", PATH, document, "--ops", url);
    assert.match(specific.stdout, /tries\.triesMax {2}3 \(by \*\/history\/\*\) → 5/);
    const away = await config("diff", "x/y/z", document, "--ops", url);
    assert.match(away.stdout, /none of its calls so far is meant by this path/);
  });

  it("shows what comes back when a document goes", async (t) => {
    const documents = { [PATH]: { tries: { triesMax: 4 } }, "*/*/*": { tries: { triesMax: 2 } } };
    const { config } = place(t, documents);
    const { url } = await startProcess(t, documents);
    const { stdout } = await config("diff", PATH, "null", "--ops", url);
    assert.match(stdout, /tries\.triesMax {2}4 \(by feed\/history\/Get\) → 2/);
  });

  it("waits until the process has taken it, and says when it does not", async (t) => {
    const { config, file } = place(t, {});
    const { url } = await startProcess(t, file);
    const taken = await config("set", PATH, "tries.triesMax=5", "--ops", url);
    assert.equal(taken.code, 0, taken.stderr);
    assert.match(taken.stderr, new RegExp(`${url} has taken it`));
    const refused = await config("set", PATH, "tries.triesMax=7", "--ops", url);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /refuses it, and keeps what it had: .*triesMax 7 is not liked/);
    assert.match(refused.stderr, /it was written, and not taken by all\n {2}holdfast config rollb/);
  });

  it("writes nothing when the process would refuse it, or cannot be asked", async (t) => {
    const { config, documents } = place(t);
    const { url } = await startProcess(t, {});
    const bad = await config("set", PATH, "tries.triesMax=11", "--ops", url);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /tries\.triesMax: is 11/);
    const gone = await config("set", PATH, "retry.triesMax=2", "--ops", "http://127.0.0.1:1");
    assert.equal(gone.code, 5);
    assert.match(gone.stderr, /http:\/\/127\.0\.0\.1:1 does not answer: .*\n {2}check --ops/);
    assert.deepEqual(documents(), {});
  });
});

/** A file of its own, and the command on it. */
function place(t: TestContext, documents?: object) {
  const home = mkdtempSync(join(folder, "place-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, "live.json");
  if (documents !== undefined) writeFileSync(file, JSON.stringify(documents));
  const config = (...args: readonly string[]): Promise<Said> => run(...args, "--file", file);
  return {
    config,
    file,
    files: () => readdirSync(home).toSorted(),
    documents: (): Record<string, Record<string, unknown>> => {
      try {
        return JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, unknown>>;
      } catch {
        return {};
      }
    },
  };
}

async function run(...args: readonly string[]): Promise<Said> {
  const terminal = new RecordedTerminal();
  const code = await runHoldfast(["config", ...args], terminal);
  const { stdout, stderr } = terminal;
  assert.doesNotMatch(stderr, /^\s+at /m);
  return { code, stdout, stderr };
}

/** It has these documents, or those of a file, and 50 calls between two looks at its metrics. */
async function startProcess(t: TestContext, documents: Record<string, unknown> | string) {
  const clock = new SystemClock();
  const stats = new StatsRegistry();
  let calls = 0;
  const labels = ["service", "method", "outcome"];
  const counter = { name: "holdfast_client_calls", help: "calls", labels };
  stats.reading("counter", counter, () => (calls += 50), "history", "Get", "ok");
  const source =
    typeof documents === "string"
      ? new FileConfigSource({ path: documents, clock }, { lookMs: 20 })
      : new MemoryConfigSource(clock, documents);
  const config = new LiveConfig({ sources: [source], schemas: [TRIES], clock });
  const live = config.options(TRIES, { triesMax: 1, dark: false });
  await config.start(createContext({ clock }));
  t.after(() => config.stop());
  for (const caller of ["feed", "other"]) live.of({ caller, callee: "history", method: "Get" });
  const server = createOpsServer(
    {
      ...{ name: "feed", version: "0", clock, stats, config, registry: new StateRegistry() },
      state: () => ({ kind: "ready" }),
      drain: () => undefined,
    },
    { port: 0 },
  );
  await server.start(createContext({ clock }));
  t.after(() => server.stop(createContext({ clock })));
  return { url: server.url };
}

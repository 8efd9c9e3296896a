/** `holdfast config` on a real etcd that wants certificates, with a process that follows it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createContext, SystemClock, systemRandom } from "@holdfast/core";
import { EtcdClient } from "@holdfast/adapters/etcd";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readCertificates } from "../servers/etcd/make-certificates.ts";
import {
  type EtcdCluster,
  skipEtcd,
  startEtcdCluster,
} from "../servers/etcd/start-etcd-cluster.ts";
import { WatchedConfig } from "./watched-config.ts";

const HOLDFAST = fileURLToPath(import.meta.resolve("../../packages/holdfast/src/command/main.ts"));
const PATH = "feed/history/Get";

describe("holdfast config on etcd with TLS", { skip: skipEtcd(), timeout: 120_000 }, () => {
  let cluster!: EtcdCluster;
  before(async () => {
    cluster = await startEtcdCluster({ size: 1, tls: true });
  });
  after(() => (cluster as EtcdCluster | undefined)?.[Symbol.asyncDispose]());

  it("sets, goes back and tells what was, and a process follows", async () => {
    using watched = await WatchedConfig.start({
      endpoints: cluster.endpoints,
      tls: readCertificates(cluster.certificates!),
    });
    const first = await config("set", PATH, "retry.triesMax=2", "--by", "ann", "--why", "first");
    assert.match(first.stdout, /retry\.triesMax {2}\(none\) → 2/);
    await watched.untilTries(2);
    await config("set", PATH, "retry.triesMax=3", "--by", "bob");
    await watched.untilTries(3);
    await config("rollback", PATH, "--by", "cal");
    await watched.untilTries(2);
    const history = await config("history", PATH);
    assert.deepEqual(
      [...history.stdout.matchAll(/ by (\w+).*\n +(.*)$/gm)].map(([, by, text]) => `${by} ${text}`),
      [2, 3, 2].map((triesMax, index) => {
        return `${["cal", "bob", "ann"][index]} ${JSON.stringify({ retry: { triesMax } })}`;
      }),
    );
    await config("set", PATH, "null");
    await config("rollback", PATH);
    await watched.untilTries(2);
    const { rules } = watched.source;
    assert.equal(rules, 1, "the history is no configuration");
    const all = await config("get");
    assert.deepEqual(Object.keys(JSON.parse(all.stdout) as object), [PATH]);
  });

  it("does not overwrite what it has not seen", async () => {
    const seen = await config("get", PATH);
    const [, revision] = /revision (\d+) of/.exec(seen.stderr)!;
    await config("set", PATH, "retry.triesMax=5");
    const late = await config("set", PATH, "retry.triesMax=6", "--expect", revision!);
    assert.equal(late.code, 1);
    // Many at once: of those that read the same revision, one writes and the others are told.
    const racers = await Promise.all(
      [6, 7, 8].map((tries) => config("set", PATH, `retry.triesMax=${tries}`)),
    );
    const won = racers.filter(({ code }) => code === 0).length;
    const lost = racers.filter(({ code }) => code === 1);
    assert.ok(won >= 1 && won + lost.length === racers.length);
    for (const { stderr } of lost) assert.match(stderr, /changed by somebody else meanwhile/);
  });

  it("keeps no more than fifty versions", { timeout: 60_000 }, async () => {
    const clock = new SystemClock();
    const options = { endpoints: cluster.endpoints, tls: readCertificates(cluster.certificates!) };
    const client = new EtcdClient({ random: systemRandom() }, options);
    const context = createContext({ clock });
    const prefix = "/holdfast/config-history/a/b/c/";
    for (let count = 100; count < 160; count++) {
      const key = `${prefix}${"0".repeat(17)}${count}`;
      await client.write(context, [], [{ kind: "put", key, value: "{}" }]);
    }
    // Later than those by the revision it has.
    await config("set", "a/b/c", "retry.triesMax=5");
    assert.ok((await client.readPrefix(context, prefix)).count <= 50);
    client.close();
  });

  it("needs the certificate, and says so", async () => {
    const { code, stderr } = await run("get", "--etcd", cluster.endpoints[0]!);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /check that etcd runs there/);
  });

  function config(...args: readonly string[]): Promise<Said> {
    const { ca, cert, key } = cluster.certificates!;
    const files = ["--ca", ca, "--cert", cert, "--key", key];
    return run(...args, "--etcd", cluster.endpoints.join(), ...files);
  }
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [HOLDFAST, "config", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout, stderr };
}

/** Every config source keeps the contract: the one in memory, the file, and etcd. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock, MemoryConfigSource, SeededRandom } from "@holdfast/core";
import { FileConfigSource } from "../config-file/file-config-source.ts";
import { EtcdConfigSource } from "../etcd/config-source.ts";
import { ScriptedEtcd } from "../etcd/testing/scripted-etcd.ts";
import { describeConfigSource } from "./config-source.contract.ts";

describeConfigSource("memory", async () => {
  const clock = new ManualClock();
  const source = new MemoryConfigSource(clock);
  return {
    source,
    put: (documents) => source.replace(documents),
    lose: () => source.lose("it was taken away"),
    find: () => source.find(),
    settle: () => clock.advanceAndSettle(1_000),
    close: () => undefined,
  };
});

describeConfigSource("a file", async () => {
  // In its eyes every file is young, and read at each look.
  const clock = new ManualClock(0);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-contract-"));
  const path = join(folder, "live.json");
  const source = new FileConfigSource({ path, clock }, { lookMs: 100 });
  return {
    source,
    put: (documents) => {
      const members = Object.entries(documents).map(([key, text]) => `"${key}": ${text}`);
      writeFileSync(`${path}.new`, `{${members.join()}}`);
      renameSync(`${path}.new`, path);
    },
    lose: () => renameSync(path, `${path}.away`),
    find: () => renameSync(`${path}.away`, path),
    settle: () => looksDone(clock),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});

describeConfigSource("etcd", async () => {
  const clock = new ManualClock();
  const etcd = new ScriptedEtcd();
  const prefix = "/holdfast/config/";
  const parts = { clock, random: new SeededRandom(1), connect: etcd.connect };
  const source = new EtcdConfigSource(parts, { endpoints: ["a:1", "b:2"], prefix });
  let known: Readonly<Record<string, string>> = {};
  return {
    source,
    put: (documents) => {
      for (const path of Object.keys(known)) {
        if (documents[path] === undefined) etcd.delete(`${prefix}${path}`);
      }
      for (const [path, text] of Object.entries(documents)) {
        if (known[path] !== text) etcd.put(`${prefix}${path}`, text);
      }
      known = documents;
    },
    lose: () => {
      for (const endpoint of ["a:1", "b:2"]) etcd.trouble.set(endpoint, "refuses");
      etcd.cutWatches();
    },
    find: () => etcd.trouble.clear(),
    settle: () => clock.advanceAndSettle(10_000),
    close: () => undefined,
  };
});

/** Two looks: the one at work may have begun before what was done. */
async function looksDone(clock: ManualClock): Promise<void> {
  const files = clock.scheduledCount;
  for (let looks = 0; looks < 3; looks++) {
    clock.advance(100);
    // A look is over when the next one is scheduled; the first has none before it.
    const wanted = Math.max(1, files);
    while (clock.scheduledCount < wanted) await new Promise((resolve) => setImmediate(resolve));
  }
}

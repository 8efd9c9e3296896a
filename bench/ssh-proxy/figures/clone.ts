// How long it takes to clone a repository through each row, and what it costs the proxy.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { repositoryUrl } from "../backend/work.ts";
import { shellWords, sshOptions } from "../client.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, Sample } from "../report.ts";
import { proxyCpuSeconds, withPeers } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";

const CLONE_MAX_MS = 120_000;

const seconds = (sample: Sample): number => sample["seconds"] ?? Number.NaN;
const cpu = (sample: Sample): number => sample["cpuSeconds"] ?? Number.NaN;
const COLUMNS: readonly Column[] = [
  { title: "s, median (min-max)", read: seconds },
  { title: "of direct", read: seconds, of: "direct" },
  { title: "proxy CPU s", read: cpu },
  { title: "of go", read: cpu, of: "go" },
  { title: "of ssh2", read: cpu, of: "ssh2" },
];

export async function measureClone(world: World): Promise<void> {
  const { repeats, sizes } = world.options;
  await withPeers(world, "clone", async (peers) => {
    // One unmeasured turn: compilers and caches.
    await takeTurns("clone, warming up", peers, 1, (peer) => clone(world, peer));
    const cell = `clone of ${sizes.repositoryMb} MB`;
    const rows = await takeTurns(cell, peers, repeats, (peer) => clone(world, peer));
    world.measured.push({ cell, rows });
    console.log(formatRows({ cell, rows }, COLUMNS));
  });
}

async function clone(world: World, peer: RunningPeer): Promise<Sample> {
  const { processes, options } = world;
  const folder = join(world.folder, `clone-${world.nextNumber()}.git`);
  const ssh = shellWords(["ssh", ...sshOptions(world), "-o", "LogLevel=ERROR"]);
  // Version 0 needs nothing from the environment, which not every row passes on.
  const settings = ["-c", "protocol.version=0", "-c", `core.sshCommand=${ssh}`];
  const url = repositoryUrl(peer.user, peer.port);
  try {
    const before = proxyCpuSeconds(peer);
    const startMs = performance.now();
    const words = ["clone", "--bare", "--quiet", url, folder];
    await processes.run(["git", ...settings, ...words], options.clientCpu, CLONE_MAX_MS);
    const tookMs = performance.now() - startMs;
    const cpuSeconds = proxyCpuSeconds(peer) - before;
    // Git has checked every object; that the branch is there says that it had all of them.
    const check = ["git", "-C", folder, "rev-parse", "--verify", "--quiet", "main^{tree}"];
    await processes.run(check, options.clientCpu, CLONE_MAX_MS);
    return { seconds: tookMs / 1000, cpuSeconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

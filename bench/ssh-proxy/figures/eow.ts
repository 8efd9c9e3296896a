// A client that has read enough: `ssh … | head -c 65M`. How long the backend's command, which would
// write for ever, and the client live on.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { workCommand } from "../backend/work.ts";
import { shellWords, sshCommand } from "../client.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, Sample } from "../report.ts";
import { withPeers } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";

const READ_MIB_MAX = 65;
const READ_MAX_MS = 60_000;
/** Who has not ended by then never will. */
const END_MAX_MS = 15_000;
const POLL_MS = 5;

const COLUMNS: readonly Column[] = [
  { title: "the command ended after ms", read: (sample) => sample["commandMs"] ?? Number.NaN },
  { title: "the client after ms", read: (sample) => sample["clientMs"] ?? Number.NaN },
];

export async function measureEow(world: World): Promise<void> {
  await withPeers(world, "eow", async (peers) => {
    const cell = "a client that closes its output early";
    const rows = await takeTurns(cell, peers, world.options.repeats, (peer) => read(world, peer));
    world.measured.push({ cell, rows });
    console.log(formatRows({ cell, rows }, COLUMNS));
  });
}

async function read(world: World, peer: RunningPeer): Promise<Sample> {
  const { processes, options, backends } = world;
  const name = String(world.nextNumber());
  const mebibytes = Math.min(READ_MIB_MAX, options.sizes.bulkMib);
  const ssh = shellWords(sshCommand(world, peer, workCommand(`endless-${name}`)));
  // The subshell is the pipe's only reader: it closes when "ready" has been said.
  const script = `${ssh} </dev/null | { head -c ${mebibytes}M >/dev/null; echo ready; }`;
  const command = ["sh", "-c", script];
  const client = await processes.start(command, options.clientCpu, undefined, READ_MAX_MS);
  const startMs = performance.now();
  const pid = Number(readFileSync(join(backends.pidFolder, name), "utf8"));
  try {
    const [commandMs, clientMs] = await Promise.all([
      gone(pid, startMs, "the backend's command"),
      gone(client.pid, startMs, "the client"),
    ]);
    return { commandMs, clientMs };
  } finally {
    // What hung is ended, the command first, because the client may wait for it.
    if (isEndless(pid)) process.kill(pid, "SIGKILL");
    await client.stop();
  }
}

/** Milliseconds from `startMs` until the process was gone. */
async function gone(pid: number, startMs: number, what: string): Promise<number> {
  while (existsSync(`/proc/${pid}`)) {
    if (performance.now() - startMs > END_MAX_MS) {
      throw new Error(`${what} still ran after ${END_MAX_MS / 1000} s`);
    }
    await delay(POLL_MS);
  }
  return performance.now() - startMs;
}

/** Whether it is our command and not another's that got its process id meanwhile. */
function isEndless(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("head\0-c\x00100G");
  } catch {
    return false;
  }
}

// What idle connections take: the proxy's resident memory before, with, and after so many of them.
import { setTimeout as delay } from "node:timers/promises";
import { processRssKib } from "../../run/process-stats.ts";
import { workCommand } from "../backend/work.ts";
import type { Peer } from "../peers/peer.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, Sample } from "../report.ts";
import { chosenPeers, loadWords, startPeer } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";

const OPEN_MAX_MS = 400_000;
const WARMUP_MAX_MS = 200_000;
const CLOSE_MAX_MS = 20_000;

const kib =
  (name: string) =>
  (sample: Sample): number =>
    sample[name] ?? Number.NaN;
const mb =
  (name: string) =>
  (sample: Sample): number =>
    (sample[name] ?? Number.NaN) / 1024;
const COLUMNS: readonly Column[] = [
  { title: "KiB per connection", read: kib("perConnectionKib") },
  { title: "before MB", read: mb("baseKib") },
  { title: "open MB", read: mb("openKib") },
  { title: "closed MB", read: mb("closedKib") },
  { title: "closed of before", read: kib("closedRatio") },
];

/** Of a fresh process each; once, because a size does not jitter as a time does. */
export async function measureIdle(world: World): Promise<void> {
  const { sizes } = world.options;
  const proxies = chosenPeers(world, "idle").filter(({ isProxy }) => isProxy);
  const modes = [
    { title: "logged in only", command: "" },
    { title: "one command run on each", command: workCommand("true") },
  ];
  for (const { title, command } of modes) {
    const cell = `${sizes.idleConnections} idle connections, ${title}`;
    const rows = await takeTurns(cell, proxies, 1, (peer) => measure(world, peer, command));
    world.measured.push({ cell, rows });
    console.log(formatRows({ cell, rows }, COLUMNS));
  }
}

async function measure(world: World, row: Peer, command: string): Promise<Sample> {
  const { processes, options } = world;
  const { idleConnections, settleSeconds } = options.sizes;
  const settle = (): Promise<void> => delay(settleSeconds * 1000);
  const peer = await startPeer(world, row);
  try {
    await warmUp(world, peer, options.sizes.memoryWarmupSessions);
    await settle();
    const baseKib = rssKib(peer);
    const words = loadWords(world, peer, "idle", { connections: idleConnections, command });
    const opened = /^\{"opened":/m;
    const holder = await processes.start(words, options.clientCpu, opened, OPEN_MAX_MS);
    await settle();
    const openKib = rssKib(peer);
    await holder.stop(CLOSE_MAX_MS);
    await settle();
    const closedKib = rssKib(peer);
    return {
      baseKib,
      openKib,
      closedKib,
      perConnectionKib: (openKib - baseKib) / idleConnections,
      closedRatio: closedKib / baseKib,
    };
  } finally {
    await peer.stop();
  }
}

/** So many whole sessions, ten connections at a time. */
export async function warmUp(world: World, peer: RunningPeer, count: number): Promise<void> {
  const command = workCommand("true");
  const words = loadWords(world, peer, "sessions", { command, count, connections: 10 });
  await world.processes.run(words, world.options.clientCpu, WARMUP_MAX_MS);
}

export function rssKib({ pids }: RunningPeer): number {
  return pids.reduce((sum, pid) => sum + processRssKib(pid), 0);
}

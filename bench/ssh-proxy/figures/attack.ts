// What a session feels of bad handshakes: its round trips of one byte, before and while they come.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { workCommand } from "../backend/work.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, Sample } from "../report.ts";
import { LOAD_PROGRAM, loadWords, proxyCpuSeconds, withPeers } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";

/** Between the two windows: the attack begins in it. */
const GAP_SECONDS = 2;
const GRACE_MS = 20_000;
const POLL_MS = 20;
/** The attackers are not to take the core from the client and the backend that are measured. */
const NICENESS = 10;

/** A proxy may soon refuse all that comes from one; what comes from many it cannot tell apart. */
const SOURCES = [1, 1000] as const;

interface Window {
  roundTrips: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}
interface AttackResult {
  seconds: number;
  begun: number;
  refused: number;
  heldBack: number;
}

const number =
  (name: string) =>
  (sample: Sample): number =>
    sample[name] ?? Number.NaN;
const COLUMNS: readonly Column[] = [
  { title: "p99 ms before", read: number("p99BeforeMs") },
  { title: "during", read: number("p99DuringMs") },
  { title: "during of before", read: number("p99Ratio") },
  { title: "p50 ms before", read: number("p50BeforeMs") },
  { title: "during", read: number("p50DuringMs") },
  { title: "most ms during", read: number("maxDuringMs") },
  { title: "handshakes per s", read: number("begunPerSecond") },
  { title: "refused", read: number("refused") },
  { title: "held back", read: number("heldBack") },
  { title: "proxy's cores during", read: number("cores") },
];

export async function measureAttack(world: World): Promise<void> {
  const { repeats, sizes } = world.options;
  await withPeers(world, "attack", async (peers) => {
    for (const sources of SOURCES) {
      const from = sources === 1 ? "1 source" : `${sources} sources`;
      const cell = `${sizes.attackPerSecond} bad handshakes a second from ${from}`;
      const rows = await takeTurns(cell, peers, repeats, (peer) => measure(world, peer, sources));
      world.measured.push({ cell, rows });
      console.log(formatRows({ cell, rows }, COLUMNS));
    }
  });
}

async function measure(world: World, peer: RunningPeer, sources: number): Promise<Sample> {
  const { processes, options } = world;
  const { attackSeconds } = options.sizes;
  const output = join(world.folder, `echo-${world.nextNumber()}.json`);
  const words = loadWords(world, peer, "echo", {
    command: workCommand("cat"),
    windows: `${attackSeconds},${attackSeconds}`,
    gap: GAP_SECONDS,
    output,
  });
  const windowMs = (attackSeconds + GAP_SECONDS) * 1000 + GRACE_MS;
  const session = await processes.start(words, options.clientCpu);
  try {
    const [before] = await windows(output, 1, windowMs);
    const cpu = proxyCpuSeconds(peer);
    const attackWords = [LOAD_PROGRAM, "attack", "--address", `127.0.0.1:${peer.port}`];
    const size = ["--rate", String(options.sizes.attackPerSecond)];
    const seconds = ["--seconds", String(attackSeconds + GAP_SECONDS)];
    const from = ["--sources", String(sources)];
    const command = ["nice", "-n", String(NICENESS), ...attackWords, ...size, ...seconds, ...from];
    const [text, [, during]] = await Promise.all([
      processes.run(command, options.clientCpu, windowMs),
      windows(output, 2, windowMs),
    ]);
    const attack = JSON.parse(text) as AttackResult;
    if (before === undefined || during === undefined) throw new Error("no round trips");
    return {
      p99BeforeMs: before.p99Ms,
      p99DuringMs: during.p99Ms,
      p99Ratio: during.p99Ms / before.p99Ms,
      p50BeforeMs: before.p50Ms,
      p50DuringMs: during.p50Ms,
      maxDuringMs: during.maxMs,
      begunPerSecond: attack.begun / attack.seconds,
      refused: attack.refused,
      heldBack: attack.heldBack,
      cores: (proxyCpuSeconds(peer) - cpu) / attack.seconds,
    };
  } finally {
    await session.stop();
  }
}

/** What the session has written, once there are so many lines. */
async function windows(file: string, count: number, limitMs: number): Promise<Window[]> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const lines = text.split("\n").slice(0, -1);
    if (lines.length >= count) return lines.map((line) => JSON.parse(line) as Window);
    if (performance.now() > endMs) throw new Error("the session has stopped");
    await delay(POLL_MS);
  }
}

// Whether short sessions leak: heap after a garbage collection, resident memory, open files, and
// what keeps the event loop alive, before and after many of them.
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { workCommand } from "../backend/work.ts";
import { askProbe } from "../leak-probe.ts";
import type { Peer } from "../peers/peer.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, RowSamples, Sample } from "../report.ts";
import { chosenPeers, loadWords, startPeer } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";
import { rssKib } from "./idle.ts";
import type { SessionsResult } from "./sessions.ts";

/** A session takes so long at the very most, on the average. */
const SESSION_MAX_MS = 60;
const GRACE_MS = 120_000;
/** Connections at a time. */
const CONNECTIONS = 4;
/** The sizes are first read when this part of the sessions has been run: caches have filled. */
const WARMUP_PART = 0.05;

interface Held {
  heapBytes: number;
  externalBytes: number;
  rssKib: number;
  files: number;
  /** How many of each kind. */
  resources: Record<string, number>;
}

const number =
  (name: string, scale = 1) =>
  (sample: Sample): number =>
    (sample[name] ?? Number.NaN) / scale;
const COLUMNS: readonly Column[] = [
  { title: "heap MB before", read: number("heapBefore", 1e6) },
  { title: "after", read: number("heapAfter", 1e6) },
  { title: "bytes a session", read: number("bytesPerSession") },
  { title: "external MB before", read: number("externalBefore", 1e6) },
  { title: "after", read: number("externalAfter", 1e6) },
  { title: "RSS MB before", read: number("rssBefore", 1024) },
  { title: "after", read: number("rssAfter", 1024) },
  { title: "files before", read: number("filesBefore") },
  { title: "after", read: number("filesAfter") },
  { title: "errors", read: number("errors") },
];

export async function measureShort(world: World): Promise<void> {
  const { shortSessions } = world.options.sizes;
  const proxies = chosenPeers(world, "short").filter(({ isProxy }) => isProxy);
  const cell = `${shortSessions} short sessions`;
  const resources = new Map<string, string>();
  const turns = await takeTurns(cell, proxies, 1, (peer) => measure(world, peer, resources));
  const rows: RowSamples[] = turns.map((row) => ({ ...row, note: resources.get(row.row) ?? "" }));
  world.measured.push({ cell, rows });
  console.log(formatRows({ cell, rows }, COLUMNS));
}

async function measure(world: World, row: Peer, notes: Map<string, string>): Promise<Sample> {
  const { shortSessions } = world.options.sizes;
  const peer = await startPeer(world, row, true);
  try {
    await load(world, peer, Math.max(1, Math.round(shortSessions * WARMUP_PART)));
    const before = await look(world, peer);
    const result = await load(world, peer, shortSessions);
    const after = await look(world, peer);
    if (result.errors > 0) console.error(`  ${result.errors} errors: ${result.firstError}`);
    const [first, last] = [words(before.resources), words(after.resources)];
    if (peer.probe !== undefined) {
      notes.set(row.name, first === last ? `held both times: ${last}` : `${first} → ${last}`);
    }
    return {
      heapBefore: before.heapBytes,
      heapAfter: after.heapBytes,
      bytesPerSession: (after.heapBytes - before.heapBytes) / result.sessions,
      externalBefore: before.externalBytes,
      externalAfter: after.externalBytes,
      rssBefore: before.rssKib,
      rssAfter: after.rssKib,
      filesBefore: before.files,
      filesAfter: after.files,
      errors: result.errors,
    };
  } finally {
    await peer.stop();
  }
}

/** Alike where the resources are. */
function words(resources: Record<string, number>): string {
  const kinds = Object.keys(resources).toSorted((a, b) => a.localeCompare(b));
  return kinds.map((kind) => `${kind} ${resources[kind]}`).join(", ");
}

async function load(world: World, peer: RunningPeer, count: number): Promise<SessionsResult> {
  const { processes, options } = world;
  const command = loadWords(world, peer, "sessions", {
    command: workCommand("true"),
    count,
    connections: CONNECTIONS,
    "sessions-per-connection": options.sizes.shortPerConnection,
  });
  const limitMs = count * SESSION_MAX_MS + GRACE_MS;
  return JSON.parse(await processes.run(command, options.clientCpu, limitMs)) as SessionsResult;
}

/** What the proxy holds when nothing has happened for a while. */
async function look({ options }: World, peer: RunningPeer): Promise<Held> {
  await delay(options.sizes.settleSeconds * 1000);
  const [pid = 0] = peer.pids;
  const sizes = { rssKib: rssKib(peer), files: readdirSync(`/proc/${pid}/fd`).length };
  if (peer.probe === undefined) {
    return { ...sizes, heapBytes: Number.NaN, externalBytes: Number.NaN, resources: {} };
  }
  const { heapUsedBytes, externalBytes, resources } = await askProbe(peer.probe);
  return { ...sizes, heapBytes: heapUsedBytes, externalBytes, resources };
}

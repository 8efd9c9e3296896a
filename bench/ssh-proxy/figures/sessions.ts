// Whole sessions (a log-in at the front, one at the backend, a command that does nothing), and
// log-ins alone, with the Go load client: how many a second, and what each costs the proxy.
import { workCommand } from "../backend/work.ts";
import type { Figure } from "../options.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, Sample } from "../report.ts";
import { loadWords, withPeers } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";

const GRACE_MS = 60_000;

interface Cell {
  readonly title: string;
  readonly command: string;
  /** Connections at a time. */
  readonly connections: number;
}

const SESSIONS: readonly Cell[] = [
  { title: "sessions, 1 at a time", command: workCommand("true"), connections: 1 },
  { title: "sessions, 10 at a time", command: workCommand("true"), connections: 10 },
];
/** One after the other: where Nagle's algorithm waits for a delayed acknowledgement, it shows. */
const LOGINS: readonly Cell[] = [{ title: "log-ins, 1 at a time", command: "", connections: 1 }];

const rate = (sample: Sample): number => sample["perSecond"] ?? Number.NaN;
const cpuMs = (sample: Sample): number => sample["cpuMs"] ?? Number.NaN;
const COLUMNS: readonly Column[] = [
  { title: "per s, median (min-max)", read: rate },
  { title: "proxy CPU ms each", read: cpuMs },
  { title: "of ssh2", read: cpuMs, of: "ssh2" },
  { title: "of go", read: cpuMs, of: "go" },
  { title: "p50 ms", read: (sample) => sample["p50Ms"] ?? Number.NaN },
  { title: "p99 ms", read: (sample) => sample["p99Ms"] ?? Number.NaN },
  { title: "errors", read: (sample) => sample["errors"] ?? Number.NaN },
];

export function measureSessions(world: World): Promise<void> {
  return measureCells(world, "sessions", SESSIONS);
}

export function measureLogins(world: World): Promise<void> {
  return measureCells(world, "logins", LOGINS);
}

async function measureCells(world: World, figure: Figure, cells: readonly Cell[]) {
  await withPeers(world, figure, async (peers) => {
    for (const cell of cells) {
      const rows = await takeTurns(cell.title, peers, world.options.repeats, (peer) =>
        load(world, peer, cell),
      );
      world.measured.push({ cell: cell.title, rows });
      console.log(formatRows({ cell: cell.title, rows }, COLUMNS));
    }
  });
}

async function load(world: World, peer: RunningPeer, cell: Cell): Promise<Sample> {
  const { processes, options } = world;
  const { command, connections } = cell;
  const words = loadWords(world, peer, "sessions", {
    command,
    connections,
    seconds: options.seconds,
    warmup: options.warmupSeconds,
    "cpu-pids": peer.pids.join(","),
  });
  const limitMs = (options.seconds + options.warmupSeconds) * 1000 + GRACE_MS;
  const text = await processes.run(words, options.clientCpu, limitMs);
  const result = JSON.parse(text) as SessionsResult;
  if (result.errors > 0) console.error(`  ${result.errors} errors: ${result.firstError}`);
  const cpuSeconds = peer.pids.length > 0 ? result.cpuSeconds : Number.NaN;
  return {
    perSecond: result.sessions / result.seconds,
    cpuMs: (cpuSeconds * 1000) / result.sessions,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    errors: result.errors,
    sessions: result.sessions,
  };
}

/** As load/sessions.go writes it. */
export interface SessionsResult {
  sessions: number;
  seconds: number;
  cpuSeconds: number;
  p50Ms: number;
  p99Ms: number;
  errors: number;
  firstError: string;
}

// What every figure works with: the running sshd, the programs that load them, and the rows.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { processCpuSeconds } from "../run/process-stats.ts";
import type { Processes } from "../run/processes.ts";
import { missingFile } from "../run/processes.ts";
import type { Backends } from "./backend/backends.ts";
import { workCommand } from "./backend/work.ts";
import { shellWords, sshCommand } from "./client.ts";
import type { Figure, ProxyOptions } from "./options.ts";
import type { Peer, StartedPeer } from "./peers/peer.ts";
import { PEERS } from "./peers/rows.ts";
import type { CellRows } from "./report.ts";

export const LOAD_PROGRAM = join(import.meta.dirname, "../.generated/ssh-load");

const CHECK_MAX_MS = 20_000;

export interface World {
  readonly processes: Processes;
  readonly options: ProxyOptions;
  readonly backends: Backends;
  /** The run's own folder. */
  readonly folder: string;
  /** All that was measured, for the JSON file. */
  readonly measured: CellRows[];
  /** A number not used before in this run. */
  nextNumber(): number;
}

export interface RunningPeer extends StartedPeer {
  readonly name: string;
}

/** The rows of a figure, less those whose program is not there, which is said loudly. */
export function chosenPeers({ options }: World, figure: Figure): Peer[] {
  return PEERS.filter((peer) => {
    if (options.peers.length > 0 && !options.peers.includes(peer.name)) return false;
    if (options.peers.length === 0 && !peer.figures.includes(figure)) return false;
    const missing = missingFile([...peer.needs]);
    if (missing === undefined) return true;
    console.log(`**SKIPPED ${peer.name}: ${missing} is missing**\n`);
    return false;
  });
}

export async function startPeer(world: World, peer: Peer, probed = false): Promise<RunningPeer> {
  const folder = join(world.folder, `${peer.name}-${world.nextNumber()}`);
  mkdirSync(folder);
  const { processes, options, backends } = world;
  const started = await peer.start({ processes, options, backends, folder, probed });
  try {
    await checkRelay(world, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
  return { name: peer.name, ...started };
}

/** Who does not pass on both outputs and the exit status does less work than the others. */
async function checkRelay(world: World, peer: StartedPeer): Promise<void> {
  const ssh = shellWords(sshCommand(world, peer, workCommand("words")));
  const script = `{ ${ssh} </dev/null; echo "status $?"; } 2>&1`;
  const { processes, options } = world;
  const text = await processes.run(["sh", "-c", script], options.clientCpu, CHECK_MAX_MS);
  const said = text.split(/\r?\n/).toSorted().join(" ").trim();
  if (said !== "complained said status 7") throw new Error(`it passes on only: ${said}`);
}

/** Starts the rows of a figure, lets `use` measure them, and stops them. */
export async function withPeers(
  world: World,
  figure: Figure,
  use: (peers: RunningPeer[]) => Promise<void>,
): Promise<void> {
  const running: RunningPeer[] = [];
  try {
    for (const peer of chosenPeers(world, figure)) {
      try {
        running.push(await startPeer(world, peer));
      } catch (error) {
        console.log(`**${peer.name} does not start: ${messageOf(error)}**\n`);
      }
    }
    await use(running);
  } finally {
    await Promise.all(running.map((peer) => peer.stop()));
  }
}

/** CPU seconds of the proxy so far; NaN where there is none. */
export function proxyCpuSeconds({ pids }: StartedPeer): number {
  if (pids.length === 0) return Number.NaN;
  return pids.reduce((sum, pid) => sum + processCpuSeconds(pid), 0);
}

/** The words of the Go load client, for what it is to do with a row. */
export function loadWords(
  { backends }: World,
  peer: StartedPeer,
  mode: "sessions" | "idle" | "echo",
  flags: Readonly<Record<string, string | number>>,
): string[] {
  const all: Record<string, string | number> = {
    address: `127.0.0.1:${peer.port}`,
    user: peer.user,
    key: backends.keys.client.file,
    ...flags,
  };
  const words = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [LOAD_PROGRAM, mode, ...words];
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

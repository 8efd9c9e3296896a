// A row of the tables: a way from the client to the backend's sshd.
import { join } from "node:path";
import { freePort } from "../../run/processes.ts";
import type { Processes, Running } from "../../run/processes.ts";
import type { Backends } from "../backend/backends.ts";
import { probeWords } from "../leak-probe.ts";
import type { Figure, ProxyOptions } from "../options.ts";

/** What a row is given to start with. */
export interface PeerRun {
  readonly processes: Processes;
  readonly options: ProxyOptions;
  readonly backends: Backends;
  /** A folder for the files of this start, empty. */
  readonly folder: string;
  /** Whether what is Node also loads leak-probe.ts. */
  readonly probed: boolean;
}

export interface Peer {
  readonly name: string;
  /** The figures that it is measured in unless it is asked for by name. */
  readonly figures: readonly Figure[];
  /** Programs and files it cannot do without, by their absolute paths. */
  readonly needs: readonly string[];
  /** Absent where there is no proxy whose memory could be read. */
  readonly isProxy?: true;
  start(run: PeerRun): Promise<StartedPeer>;
}

export interface StartedPeer {
  readonly port: number;
  /** Who logs in. */
  readonly user: string;
  /** The proxy's processes; none where there is no proxy. */
  readonly pids: readonly number[];
  /** Where leak-probe.ts answers; absent where it was not asked for or there is no Node. */
  readonly probe?: string;
  stop(): Promise<void>;
}

/** So many files may be open: two for each idle connection, and some. */
const FILES_MAX = 20_000;

/** Node's words for a proxy, with flags of its own, and where its probe answers. */
export function nodeWords(
  { probed, folder }: PeerRun,
  flags: readonly string[] = [],
): { words: string[]; probe?: string } {
  if (!probed) return { words: [process.execPath, ...flags] };
  const probe = join(folder, "probe");
  return { words: [process.execPath, ...flags, ...probeWords(probe)], probe };
}

/** A proxy that is one program, on the proxy's core, with enough open files. */
export async function startProxy(
  { processes, options }: PeerRun,
  command: (port: number) => string[],
  more: { readonly ready?: RegExp; readonly probe?: string } = {},
): Promise<StartedPeer> {
  const port = await freePort();
  const limited = ["prlimit", `--nofile=${FILES_MAX}:${FILES_MAX}`, ...command(port)];
  const running: Running = await processes.start(limited, options.proxyCpu, more.ready);
  return {
    port,
    user: "git",
    pids: [running.pid],
    ...(more.probe === undefined ? {} : { probe: more.probe }),
    stop: () => running.stop(),
  };
}

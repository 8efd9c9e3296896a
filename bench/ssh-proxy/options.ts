// What the command line of ssh-proxy.ts can say.
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";

export const FIGURES = [
  "clone",
  "bulk",
  "sessions",
  "logins",
  "idle",
  "short",
  "eow",
  "attack",
] as const;
export type Figure = (typeof FIGURES)[number];

/** How much of each thing is done. */
export interface Sizes {
  /** Of the repository that is cloned, in MB of blobs that do not compress. */
  repositoryMb: number;
  bulkMib: number;
  idleConnections: number;
  /** Sessions of the leak check. */
  shortSessions: number;
  /** Sessions on each of its connections. */
  shortPerConnection: number;
  /** Bad handshakes a second. */
  attackPerSecond: number;
  attackSeconds: number;
  /** Sessions before the size of a fresh proxy is read: compiled code is not what is asked. */
  memoryWarmupSessions: number;
  /** Between the end of a load and the reading of a size. */
  settleSeconds: number;
}

const FULL: Sizes = {
  repositoryMb: 100,
  bulkMib: 1024,
  idleConnections: 1000,
  shortSessions: 100_000,
  shortPerConnection: 334,
  attackPerSecond: 1000,
  attackSeconds: 10,
  memoryWarmupSessions: 500,
  settleSeconds: 10,
};

/** Only to see that everything works: the numbers mean nothing. */
const QUICK: Sizes = {
  repositoryMb: 4,
  bulkMib: 16,
  idleConnections: 20,
  shortSessions: 120,
  shortPerConnection: 20,
  attackPerSecond: 100,
  attackSeconds: 2,
  memoryWarmupSessions: 10,
  settleSeconds: 1,
};

export interface ProxyOptions {
  figures: Figure[];
  /** Names of rows; where empty, those that each figure is meant for. */
  peers: string[];
  repeats: number;
  /** Length of the windows of sessions and logins, and what comes unmeasured before each. */
  seconds: number;
  warmupSeconds: number;
  sizes: Sizes;
  /** The proxy's core, which is also that of the sshd that is asked directly unless said. */
  proxyCpu: number;
  directCpu: number;
  /** The core of the sshd behind the proxies. */
  backendCpu: number;
  clientCpu: number;
  goMaxProcs: number;
  /** Where the repository is kept from run to run, and a folder for each run. */
  directory: string;
  /** Where to write every sample; nowhere where empty. */
  json: string;
}

export const PROXY_USAGE = `node bench/ssh-proxy.ts [options]
  --only ${FIGURES.join(",")}
                              which figures (default: all)
  --peers direct,ours,go,ssh2 which rows (default: those of each figure)
  --repeats 3   --seconds 3   --warmup 1.5
  --quick                     tiny sizes, once: shows that it works, measures nothing
  --proxy-cpu 0  --direct-cpu 0  --backend-cpu 1  --client-cpu 1
  --go-max-procs 1            of the Go proxy
  --bulk-mib 1024  --idle 1000  --count 100000  --rate 1000
                              bytes, connections, short sessions, bad handshakes a second
  --directory DIR             where the cloned repository and each run's files go
  --json FILE                 every sample
`;

/** Throws an Error whose message says what is wrong. */
export function parseProxyOptions(args: string[]): ProxyOptions {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", default: FIGURES.join(",") },
      peers: { type: "string", default: "" },
      quick: { type: "boolean", default: false },
      repeats: { type: "string" },
      seconds: { type: "string" },
      warmup: { type: "string" },
      "proxy-cpu": { type: "string", default: "0" },
      "direct-cpu": { type: "string", default: "0" },
      "backend-cpu": { type: "string", default: "1" },
      "client-cpu": { type: "string", default: "1" },
      "go-max-procs": { type: "string", default: "1" },
      "bulk-mib": { type: "string" },
      idle: { type: "string" },
      count: { type: "string" },
      rate: { type: "string" },
      directory: { type: "string", default: tmpdir() },
      json: { type: "string", default: "" },
    },
  });
  const usual = values.quick ? QUICK : FULL;
  const [repeats, seconds, warmup] = values.quick ? [1, 0.5, 0.2] : [3, 3, 1.5];
  const cpu = (name: "proxy-cpu" | "direct-cpu" | "backend-cpu" | "client-cpu"): number =>
    within(name, values[name], 0, 0, 4096);
  return {
    figures: words(values.only).map(parseFigure),
    peers: words(values.peers),
    repeats: within("repeats", values.repeats, repeats, 1, 100),
    seconds: within("seconds", values.seconds, seconds, 0.1, 600),
    warmupSeconds: within("warmup", values.warmup, warmup, 0, 60),
    sizes: {
      ...usual,
      bulkMib: within("bulk-mib", values["bulk-mib"], usual.bulkMib, 1, 65_536),
      idleConnections: within("idle", values.idle, usual.idleConnections, 1, 10_000),
      shortSessions: within("count", values.count, usual.shortSessions, 1, 1e7),
      attackPerSecond: within("rate", values.rate, usual.attackPerSecond, 1, 1e5),
    },
    proxyCpu: cpu("proxy-cpu"),
    directCpu: cpu("direct-cpu"),
    backendCpu: cpu("backend-cpu"),
    clientCpu: cpu("client-cpu"),
    goMaxProcs: within("go-max-procs", values["go-max-procs"], 1, 1, 256),
    directory: values.directory,
    json: values.json,
  };
}

function parseFigure(text: string): Figure {
  const figure = FIGURES.find((name) => name === text);
  if (figure === undefined) throw new Error(`no figure is called "${text}"`);
  return figure;
}

function words(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

function within(
  name: string,
  text: string | undefined,
  usual: number,
  min: number,
  max: number,
): number {
  const value = text === undefined ? usual : Number(text);
  if (value >= min && value <= max) return value;
  throw new Error(`--${name} must be ${min} to ${max}, not "${text}"`);
}

/**
 * What the tests here are run against: the proxy, or (to see that a test and its client work at
 * all) sshd itself. This file is the only one that knows how the proxy is started.
 */
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { findFreePorts } from "../servers/free-ports.ts";
import { KeptProcess } from "../servers/kept-process.ts";
import { bareKey, type KeyType, makeKey, type SshKey } from "../servers/openssh/keys.ts";
import { isAlive, processesBelow } from "../servers/openssh/process-tree.ts";
import type { Sshd } from "../servers/openssh/sshd.ts";
import { until } from "./until.ts";

const MAIN = join(import.meta.dirname, "../../apps/ssh-proxy/src/main.ts");
/** All clients of a test come from one address, which would soon be taken for a hostile one. */
const SETTINGS: Readonly<Record<string, unknown>> = {
  admission: { exempt: ["127.0.0.1"] },
};

/** The one switch: the proxy, or with `HOLDFAST_SSH_UNDER_TEST=direct` sshd. */
export const UNDER_TEST: "proxy" | "direct" =
  process.env["HOLDFAST_SSH_UNDER_TEST"] === "direct" ? "direct" : "proxy";

/** Why a test of what only a proxy does is left out, or false. */
export const onlyProxy: string | false =
  UNDER_TEST === "proxy" ? false : "asks of the proxy what sshd does not do";

/** A host behind the proxy. */
export interface Backend {
  readonly name: string;
  readonly sshd: Sshd;
  /** `host:port` to dial: the sshd's own, or that of something in between. */
  readonly address: string;
  /** What the proxy logs in with there. */
  readonly key: SshKey;
  /** Lines of the keys it is pinned to; default the sshd's own. */
  readonly hostKeys?: readonly string[];
}

export interface Account {
  readonly name: string;
  /** Lines as in an authorized_keys file; the comment is the key's name. */
  readonly publicKeys: readonly string[];
}

export interface RouteEntry {
  /** A pattern of repositories, such as `team/*`. */
  readonly repositories: string;
  /** Name of a backend. */
  readonly backend: string;
  /** Where that is at the backend; default: the same path, with a slash in front. */
  readonly path?: string;
}

export interface StartUnderTest {
  /** An empty folder for what it needs. */
  readonly folder: string;
  /** Of the keys that it shows. */
  readonly hostKeyTypes: readonly KeyType[];
  readonly backends: readonly Backend[];
  readonly accounts: readonly Account[];
  /** The first that fits counts. */
  readonly routes: readonly RouteEntry[];
  /** Sections of its settings file. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether it runs under a supervisor, so that it can be upgraded; default false. */
  readonly supervised?: boolean;
}

/** What tests of a start, an upgrade or an end need to know of the program. */
export interface ProxyProgram {
  readonly settingsFile: string;
  /** The next two are there only under a supervisor. */
  readonly pidFile: string;
  readonly supervisorLog: string;
  /** Resolves with its exit code when it has ended by itself. */
  ended(): Promise<number>;
}

export interface UnderTest extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Whom to log in as. */
  readonly user: string;
  /** Lines of the keys that it shows. */
  readonly hostKeys: readonly string[];
  readonly hostKeyFingerprints: readonly string[];
  /** Base of its ops endpoints, such as `http://127.0.0.1:6060`; `""` for sshd, which has none. */
  readonly opsUrl: string;
  /** Where its log is. */
  readonly logFile: string;
  /** Under a supervisor, that one's. */
  readonly pid: number;
  /** Undefined for sshd. */
  readonly program?: ProxyProgram;
  stop(): Promise<void>;
}

export async function startUnderTest(input: StartUnderTest): Promise<UnderTest> {
  return UNDER_TEST === "proxy" ? startProxy(input) : startDirect(input);
}

/** The proxy as a process of its own, with its own host keys, on ports that nobody has. */
export async function startProxy(input: StartUnderTest): Promise<UnderTest> {
  const { folder, supervised = false } = input;
  const hostKeys = input.hostKeyTypes.map((type) => makeKey(folder, `host_${type}`, { type }));
  const files = writeFiles(input);
  const [port = 0, opsPort = 0] = await findFreePorts(2);
  const logFile = join(folder, "proxy.log");
  const keys = input.backends.map(({ name, key }) => `--key=${name}=${key.file}`);
  const data = join(folder, "data");
  const pidFile = join(folder, "proxy.pid");
  const program = await KeptProcess.start({
    name: "ssh-proxy",
    command: [
      ...([process.execPath, MAIN] as const),
      ...[`--port=${port}`, `--ops-port=${opsPort}`, `--data=${data}`],
      ...hostKeys.map(({ file }) => `--host-key=${file}`),
      ...[`--key=proxy=${input.backends[0]!.key.file}`, ...keys],
      ...[`--accounts=${files.accounts}`, `--routes=${files.routes}`],
      ...[`--settings=${files.settings}`, "--log=-"],
      ...(supervised ? ["--supervised", `--pid-file=${pidFile}`] : []),
    ],
    logFile,
    // The later of many starts find compiled what the first has read.
    environment: supervised ? { NODE_COMPILE_CACHE: join(folder, "compiled") } : {},
  });
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const stop = async (): Promise<void> => {
    const workers = processesBelow(program.pid);
    await program.kill();
    // They would let their sessions end first.
    for (const { pid } of workers.filter((each) => isAlive(each.pid))) {
      process.kill(pid, "SIGKILL");
    }
  };
  try {
    const instead = (): string => program.lastWords();
    const isReady = (): Promise<boolean> => answersOk(`${opsUrl}/readyz`);
    await until("ready proxy", async () => (await isReady()) || !program.isRunning, { instead });
    if (!program.isRunning) throw new Error(`the proxy ended: ${instead()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: "127.0.0.1",
    port,
    user: "git",
    hostKeys: hostKeys.map(({ publicLine }) => publicLine),
    hostKeyFingerprints: hostKeys.map(({ fingerprint }) => fingerprint),
    opsUrl,
    logFile,
    pid: program.pid,
    program: {
      settingsFile: files.settings,
      pidFile,
      supervisorLog: join(data, "supervisor.log"),
      ended: () => program.ended(),
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Writes what the proxy reads: a file of keys for each account, the routes, the settings. */
function writeFiles({ folder, accounts, backends, routes, options = {} }: StartUnderTest) {
  const files = {
    accounts: join(folder, "accounts"),
    routes: join(folder, "routes.json"),
    settings: join(folder, "settings.json"),
  };
  mkdirSync(files.accounts);
  for (const { name, publicKeys } of accounts) {
    writeFileSync(join(files.accounts, name), `${publicKeys.join("\n")}\n`);
  }
  const pools = backends.map(({ name, sshd, address, hostKeys }) => {
    const pinned = hostKeys ?? sshd.hostKeys.map(({ publicLine }) => publicLine);
    const pool = { hosts: [address], user: sshd.user, hostKeys: pinned.map(bareKey), key: name };
    return [name, pool] as const;
  });
  const entries = routes.map(({ repositories, backend, path = "/{repository}" }) => ({
    account: "*",
    repository: repositories,
    backend,
    path,
  }));
  const content = { backends: Object.fromEntries(pools), routes: entries };
  writeFileSync(files.routes, JSON.stringify(content, null, 2));
  writeFileSync(files.settings, JSON.stringify({ ...SETTINGS, ...options }, null, 2));
  return files;
}

async function answersOk(url: string): Promise<boolean> {
  return fetch(url).then(
    (reply) => reply.ok,
    () => false,
  );
}

/** No proxy at all: the first backend, as it is dialled. */
export async function startDirect({ backends }: StartUnderTest): Promise<UnderTest> {
  const [{ sshd, address }] = backends as readonly [Backend];
  const [host = "", port = ""] = address.split(":");
  // What is not there is seen here, and not by the first client.
  const probe = createConnection({ host, port: Number(port) });
  await once(probe, "connect");
  probe.destroy();
  const stop = async (): Promise<void> => undefined;
  return {
    host,
    port: Number(port),
    user: sshd.user,
    hostKeys: sshd.hostKeys.map(({ publicLine }) => publicLine),
    hostKeyFingerprints: sshd.hostKeys.map(({ fingerprint }) => fingerprint),
    opsUrl: "",
    logFile: sshd.logFile,
    pid: sshd.pid,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

// The benchmark of the SSH proxy: ours beside a direct connection and minimal proxies in Go and on
// ssh2, in one run on one machine. README.md says what is measured and how.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { processorName } from "./run/process-stats.ts";
import { missingFile, Processes } from "./run/processes.ts";
import { startBackends } from "./ssh-proxy/backend/backends.ts";
import { measureAttack } from "./ssh-proxy/figures/attack.ts";
import { measureBulk } from "./ssh-proxy/figures/bulk.ts";
import { measureClone } from "./ssh-proxy/figures/clone.ts";
import { measureEow } from "./ssh-proxy/figures/eow.ts";
import { measureIdle } from "./ssh-proxy/figures/idle.ts";
import { measureLogins, measureSessions } from "./ssh-proxy/figures/sessions.ts";
import { measureShort } from "./ssh-proxy/figures/short.ts";
import { parseProxyOptions, PROXY_USAGE } from "./ssh-proxy/options.ts";
import type { Figure, ProxyOptions } from "./ssh-proxy/options.ts";
import { PEERS } from "./ssh-proxy/peers/rows.ts";
import { LOAD_PROGRAM } from "./ssh-proxy/world.ts";
import type { World } from "./ssh-proxy/world.ts";

const MEASURES: Readonly<Record<Figure, (world: World) => Promise<void>>> = {
  clone: measureClone,
  bulk: measureBulk,
  sessions: measureSessions,
  logins: measureLogins,
  idle: measureIdle,
  short: measureShort,
  eow: measureEow,
  attack: measureAttack,
};

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  const processes = new Processes();
  const folder = mkdtempSync(join(options.directory, "bench-ssh-proxy-"));
  process.once("exit", () => {
    processes.killAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(130));

  console.log(machineLine(options));
  console.error("starting sshd, making the repository");
  await using backends = await startBackends(folder, options);
  let number = 0;
  const nextNumber = (): number => ++number;
  const world: World = { processes, options, backends, folder, measured: [], nextNumber };
  for (const figure of options.figures) await MEASURES[figure](world);
  console.log(
    `load average at the end ${loadavg()
      .map((load) => load.toFixed(2))
      .join(" ")}`,
  );
  if (options.json !== "") {
    const machine = { processor: processorName(), kernel: release(), node: process.version };
    const text = JSON.stringify({ machine, options, measured: world.measured }, undefined, 2);
    writeFileSync(options.json, `${text}\n`);
  }
}

function readOptions(args: string[]): ProxyOptions {
  try {
    const options = parseProxyOptions(args);
    const names = PEERS.map(({ name }) => name);
    const unknown = options.peers.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new Error(`no row is called "${unknown}": ${names.join(", ")}`);
    if (missingFile([LOAD_PROGRAM]) !== undefined) throw new Error("run bench/setup.sh first");
    const { proxyCpu, directCpu, backendCpu, clientCpu } = options;
    if (cpus().length <= Math.max(proxyCpu, directCpu, backendCpu, clientCpu)) {
      throw new Error("the proxy and its client need a core each: see --proxy-cpu");
    }
    return options;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${PROXY_USAGE}`);
    process.exit(2);
  }
}

function machineLine({ repeats, seconds, warmupSeconds }: ProxyOptions): string {
  return [
    `${cpus().length} × ${processorName()}, Linux ${release()}, Node ${process.version}`,
    `${repeats} turns; sessions ${seconds} s after ${warmupSeconds} s of warm-up`,
    `load average at the start ${(loadavg()[0] ?? 0).toFixed(2)}\n`,
  ].join("; ");
}

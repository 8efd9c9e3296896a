/** Starts the proxy in this process, as the operating system has it: files, sockets, signals. */
import { join } from "node:path";
import {
  formatAddress,
  handleSignals,
  type Lifecycle,
  openLog,
  type OpsServer,
  type SignalledProcess,
  SystemClock,
  systemRandom,
  TcpNetwork,
} from "holdfast";
import { writeKnownHosts } from "../embedded/demo-files.ts";
import { dumpOnCrash } from "../forensic/crash-dump.ts";
import type { ReadyProxy } from "./banner.ts";
import type { ProcessOptions } from "./options.ts";
import { openProxyProcess } from "./proxy-process.ts";
import { readSettings } from "./settings.ts";

export interface StartProxy {
  readonly options: ProcessOptions;
  /** Whose signals end it. */
  readonly process: SignalledProcess;
  /** See `ListenOptions`; default: a socket of its own. */
  readonly fileDescriptor?: number;
  /** What POST /drain does; default: an orderly end of this process. */
  readonly drain?: (reason: string) => void;
  /** Something went wrong that nobody caught. The process drains after it. */
  readonly onCrash?: (reason: string) => void;
  /** Gets a sentence about how it ended. */
  readonly onEnded?: (text: string) => void;
}

export interface StartedProxy {
  readonly ready: ReadyProxy;
  readonly ops: OpsServer;
  readonly lifecycle: Lifecycle;
}

/** Two reads of 64 KiB cost more than one of 128; a session holds less than 256 with either. */
const READ_BUFFER_BYTES = 128 * 1_024;

/** Rejects with a ServiceError that says what cannot be used, and why. */
export async function startProxy(input: StartProxy): Promise<StartedProxy> {
  const { options } = input;
  const settings = readSettings(options.settings);
  const clock = new SystemClock();
  const logger = openLog(options.log, clock);
  const network = new TcpNetwork(clock, { readBufferBytes: READ_BUFFER_BYTES });
  const proxy = await openProxyProcess({
    ...{ options, settings, fileDescriptor: input.fileDescriptor, drain: input.drain },
    runtime: { clock, logger, network, random: systemRandom() },
    secrets: { consulToken: process.env["CONSUL_HTTP_TOKEN"] },
    environment: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: options.data },
  });
  const { lifecycle, ring } = proxy;
  dumpOnCrash({ process, clock, ring }, join(options.data, "crash"));
  drainOnCrash(lifecycle, (reason) => {
    logger.error("a mistake that nobody caught; draining", { reason });
    input.onCrash?.(reason);
  });
  handleSignals(input.process, lifecycle, {
    logger,
    onStopped: async ({ reason, cut }) => {
      const how = cut === 0 ? "every session ended by itself" : `${cut} sessions were cut off`;
      input.onEnded?.(`ssh-proxy ended (${reason}): ${how}`);
      await logger.flush();
    },
  });
  await lifecycle.start();
  const { address } = proxy.proxy;
  if (proxy.demo !== undefined && address.kind === "tcp") {
    writeKnownHosts(proxy.demo, address.host, address.port);
  }
  const ready = { ssh: formatAddress(address), ops: proxy.ops.url, pid: process.pid };
  return { ready, ops: proxy.ops, lifecycle };
}

/**
 * One bad session must not take the others with it: what nobody caught is written down (see
 * `dumpOnCrash`), and the process lets what runs end before it goes, with 1.
 */
function drainOnCrash(lifecycle: Lifecycle, onCrash: (reason: string) => void): void {
  const end = async (): Promise<void> => {
    await lifecycle.shutdown("a mistake that nobody caught");
    process.exit(1);
  };
  process.on("uncaughtException", (error) => {
    process.exitCode = 1;
    onCrash(error.message);
    void end();
  });
}

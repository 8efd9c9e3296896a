/**
 * A supervisor as a process: signals in, pid file and status beside it out.
 *
 *   SIGUSR2          upgrade to the version on disk
 *   SIGTERM, SIGINT  drain every worker and end with 0; the second one: end now, with 143 or 130
 */
import {
  type GenerationStatus,
  keepProcessAlive,
  processStart,
  type UpgradeStatus,
} from "holdfast";
import type { TcpAddress } from "./bind-socket.ts";
import { StatusFile } from "./status-file.ts";
import { Supervisor, type SupervisorParts } from "./supervisor.ts";

type SupervisorSignal = "SIGTERM" | "SIGINT" | "SIGUSR2";

/** The part of `process` that is needed here. */
export interface SupervisorProcess {
  readonly pid: number;
  on(signal: SupervisorSignal, listener: () => void): unknown;
  off(signal: SupervisorSignal, listener: () => void): unknown;
}

export interface RunSupervisor extends Omit<SupervisorParts, "onChange"> {
  readonly process: SupervisorProcess;
  /** Default: none, and then `holdfast up` cannot ask. */
  readonly pidFile?: string | undefined;
  /** Told after every change. */
  readonly onChange?: (status: UpgradeStatus) => void;
  /** Told once, when the first worker serves. */
  readonly onReady?: (first: GenerationStatus, at: ReadonlyMap<string, TcpAddress>) => void;
}

/** As shells report a process that a signal ended: 128 and the signal's number. */
const EXIT_CODE = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Resolves with the exit code when the last worker has ended. Rejects with a ServiceError when an
 * address cannot be had or the first worker does not become ready, and when the pid file cannot be
 * written.
 */
export async function runSupervisor(input: RunSupervisor): Promise<number> {
  const { process, logger } = input;
  const file =
    input.pidFile === undefined ? undefined : new StatusFile(input.pidFile, process.pid, logger);
  const supervisor = new Supervisor({
    ...input,
    onChange: () => {
      const status = statusOf(process, supervisor);
      file?.write(status);
      input.onChange?.(status);
    },
  });
  await supervisor.bind();
  const signals = handleSupervisorSignals(process, supervisor);
  const release = keepProcessAlive();
  try {
    // Not before SIGUSR2 is expected: whoever reads the file may send it.
    file?.open(statusOf(process, supervisor));
    const first = await supervisor.start();
    input.onReady?.(first, supervisor.addresses);
    const exitCode = await supervisor.ended;
    return signals.exitCode ?? exitCode;
  } catch (error) {
    supervisor.stop("the start failed");
    await supervisor.ended;
    // What was asked for has happened: it ended before it had begun.
    if (signals.asked) return signals.exitCode ?? 0;
    throw error;
  } finally {
    release();
    signals.remove();
    file?.close();
  }
}

function statusOf(process: SupervisorProcess, supervisor: Supervisor): UpgradeStatus {
  return {
    version: 1,
    supervisorPid: process.pid,
    supervisorStart: processStart(process.pid),
    ...supervisor.describe(),
  };
}

interface HandledSignals {
  readonly asked: boolean;
  /** Once it was asked to end now. */
  readonly exitCode: number | undefined;
  remove(): void;
}

function handleSupervisorSignals(
  process: SupervisorProcess,
  supervisor: Supervisor,
): HandledSignals {
  let asked = false;
  let exitCode: number | undefined = undefined;
  const onEnd = (signal: keyof typeof EXIT_CODE): void => {
    if (asked) {
      exitCode ??= EXIT_CODE[signal];
      supervisor.endNow(`second signal, ${signal}`);
    } else supervisor.stop(signal);
    asked = true;
  };
  const listeners = {
    SIGTERM: () => onEnd("SIGTERM"),
    SIGINT: () => onEnd("SIGINT"),
    SIGUSR2: () => void supervisor.upgradeNow(),
  };
  const names = Object.keys(listeners) as SupervisorSignal[];
  for (const name of names) process.on(name, listeners[name]);
  return {
    get asked() {
      return asked;
    },
    get exitCode() {
      return exitCode;
    },
    remove: () => {
      for (const name of names) process.off(name, listeners[name]);
    },
  };
}

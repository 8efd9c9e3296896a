/**
 * What the operating system says to a process, in terms of its lifecycle: the first SIGTERM or
 * SIGINT is an orderly end, the second one the end.
 */
import type { Logger } from "../log/logger.ts";
import { silentLogger } from "../log/logger.ts";
import { keepProcessAlive } from "../time/keep-alive.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ShutdownReport } from "./part.ts";

/** The part of `process` that is needed here. */
export interface SignalledProcess {
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  off(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  exit(code: number): void;
}

export interface SignalOptions {
  readonly logger?: Logger;
  /** Called with the report before the exit, for example to print it and to flush the log. */
  readonly onStopped?: (report: ShutdownReport) => Promise<void> | void;
}

/** As shells report a process that a signal ended: 128 and the signal's number. */
const EXIT_CODE = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Ends the lifecycle at the first signal and exits when it has stopped, for whatever reason it
 * did: with 0, also when work was cut off; with 1 when a part failed. The process stays alive
 * until then, so that an end that waits for nothing but a time limit is reported too. The returned
 * function takes the handlers away.
 */
export function handleSignals(
  process: SignalledProcess,
  lifecycle: Lifecycle,
  options: SignalOptions = {},
): () => void {
  const logger = options.logger ?? silentLogger;
  let signalled = false;
  const onSignal = (signal: keyof typeof EXIT_CODE): void => {
    if (signalled) {
      logger.warn("second signal, exiting now", { signal });
      process.exit(EXIT_CODE[signal]);
      return;
    }
    signalled = true;
    logger.info("signal, draining", { signal });
    void lifecycle.shutdown(signal);
  };
  const onTerminate = (): void => onSignal("SIGTERM");
  const onInterrupt = (): void => onSignal("SIGINT");
  process.on("SIGTERM", onTerminate);
  process.on("SIGINT", onInterrupt);
  const release = keepProcessAlive();
  let handling = true;
  void lifecycle.stopped.then(async (report) => {
    release();
    if (!handling) return;
    try {
      await options.onStopped?.(report);
    } finally {
      process.exit(report.orderly && report.startError === undefined ? 0 : 1);
    }
  });
  return () => {
    handling = false;
    release();
    process.off("SIGTERM", onTerminate);
    process.off("SIGINT", onInterrupt);
  };
}

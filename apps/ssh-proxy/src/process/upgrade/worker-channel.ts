/** The worker's side: what a program does to run under a supervisor. */
import { ServiceError, type SignalledProcess } from "holdfast";
import {
  readWorkerStart,
  REPLACED,
  SUPERVISED_VARIABLE,
  type WorkerInfo,
  type WorkerMessage,
} from "./worker-protocol.ts";

/** The part of `process` that is needed here. */
export interface WorkerProcess extends SignalledProcess {
  readonly env: Record<string, string | undefined>;
  readonly connected?: boolean;
  readonly send?: (
    message: WorkerMessage,
    handle: undefined,
    options: undefined,
    sent: (error: Error | null) => void,
  ) => boolean;
  readonly channel?: { unref(): void } | null | undefined;
  once(event: "disconnect", listener: () => void): unknown;
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

export interface WorkerChannel {
  /** Counts the workers of one supervisor, from 1. */
  readonly generation: number;
  /**
   * The process for `handleSignals`: without SIGINT. Ctrl-C reaches the whole group of processes,
   * and it is the supervisor that says who drains; one who drains already would end at once.
   */
  readonly signals: SignalledProcess;
  /**
   * The descriptor of the socket with this name, for `ListenOptions.fileDescriptor`; to be listened
   * on once. Throws a ServiceError `invalid` when the supervisor has none.
   */
  fileDescriptor(name: string): number;
  /**
   * Says that this worker serves. To be said right after the sockets are listened on: from then on
   * it has connections, and the old worker is told to drain only now.
   */
  ready(info?: WorkerInfo): Promise<void>;
  /** Says why this worker ends before it was ready. Resolves when it is said. */
  failed(reason: string): Promise<void>;
  /**
   * Says that this worker drains though nobody asked it to, because of an error that it cannot go
   * on with: another one is started at once.
   */
  leaving(reason: string): Promise<void>;
  /**
   * Asks the supervisor to drain the whole program: what `POST /drain` means. The SIGTERM that
   * follows is what drains this worker.
   */
  drainAll(reason: string): Promise<void>;
  /**
   * Calls `listener` when another worker has taken this one's place, whose drain begins now: what
   * belongs to whoever serves, such as a fixed port for operators, is the other's from here on.
   */
  onReplaced(listener: () => void): void;
  /**
   * Calls `listener` when the supervisor has gone without a word. The worker should drain: as long
   * as it listens, the next supervisor cannot have the port.
   */
  onSupervisorGone(listener: () => void): void;
}

/**
 * Undefined when the program was not started by a supervisor. Takes the variable out of the
 * environment: what this process starts is no worker. Throws a ServiceError `invalid`, and tells
 * the supervisor, when that speaks another protocol.
 */
export function openWorkerChannel(worker: WorkerProcess): WorkerChannel | undefined {
  const text = worker.env[SUPERVISED_VARIABLE];
  if (text === undefined) return undefined;
  delete worker.env[SUPERVISED_VARIABLE];
  const start = readWorkerStart(text);
  if (start === undefined) {
    const reason = "the supervisor speaks another protocol: drain and start it anew";
    void send(worker, { kind: "failed", reason });
    throw new ServiceError("invalid", reason);
  }
  // It keeps no process that has nothing else to do.
  worker.channel?.unref();
  return {
    generation: start.generation,
    signals: withoutInterrupt(worker),
    fileDescriptor: (name) => {
      const fileDescriptor = start.listeners[name];
      if (fileDescriptor !== undefined) return fileDescriptor;
      const names = Object.keys(start.listeners).join(", ");
      const message = `the supervisor has no socket ${name}; it has ${names || "none"}`;
      throw new ServiceError("invalid", message);
    },
    ready: (info = {}) => send(worker, { kind: "ready", info }),
    failed: (reason) => send(worker, { kind: "failed", reason }),
    leaving: (reason) => send(worker, { kind: "leaving", reason }),
    drainAll: (reason) => send(worker, { kind: "drain", reason }),
    onReplaced: (listener) => {
      process.on("message", (message) => {
        if ((message as { kind?: unknown } | null)?.kind === REPLACED.kind) listener();
      });
      process.channel?.unref();
    },
    onSupervisorGone: (listener) => {
      if (worker.connected === false) listener();
      else {
        worker.once("disconnect", listener);
        worker.channel?.unref();
      }
    },
  };
}

function send(worker: WorkerProcess, message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (worker.send === undefined || worker.connected === false) return resolve();
    // Who does not hear it has gone, and `onSupervisorGone` says so.
    worker.send(message, undefined, undefined, () => resolve());
  });
}

function withoutInterrupt(worker: SignalledProcess): SignalledProcess {
  const ignored = (): void => undefined;
  return {
    on: (signal, listener) => worker.on(signal, signal === "SIGINT" ? ignored : listener),
    off: (signal, listener) => worker.off(signal, signal === "SIGINT" ? ignored : listener),
    exit: (code) => worker.exit(code),
  };
}

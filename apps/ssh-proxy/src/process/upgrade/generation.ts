/** One worker process of a supervisor, from its start to its end. */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { after, type Clock, type GenerationStatus, type Logger } from "holdfast";
import type { BoundSocket } from "./bind-socket.ts";
import {
  PROTOCOL,
  readWorkerMessage,
  SUPERVISED_VARIABLE,
  REPLACED,
  type WorkerInfo,
  type WorkerMessage,
  type WorkerStart,
} from "./worker-protocol.ts";

/** What is started: read from disk at every start, which is all that an upgrade is. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface StartGeneration {
  readonly number: number;
  readonly program: Program;
  readonly sockets: ReadonlyMap<string, BoundSocket>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What it says after it was ready. */
  readonly onMessage: (message: WorkerMessage) => void;
}

export interface GenerationExit {
  /** Such as `it ended (exit code 3)` or `it could not be started (ENOENT)`. */
  readonly how: string;
  /** Whether it ended with 0. */
  readonly orderly: boolean;
}

/** The child's standard input, output, error and channel come before the sockets. */
const FIRST_SOCKET = 4;

export class Generation {
  readonly number: number;
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it says that it is ready; rejects with the reason why it will not be. */
  readonly ready: Promise<void>;
  /** Never rejects. */
  readonly exited: Promise<GenerationExit>;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly child: ChildProcess;
  private info: WorkerInfo = {};
  private toldToEnd = false;
  private takeBackKill: () => void = () => undefined;
  private readySinceMs: number | undefined = undefined;

  constructor(input: StartGeneration) {
    const { number, program, clock } = input;
    this.number = number;
    this.clock = clock;
    this.child = spawn(program.command, program.args, {
      stdio: stdioOf(input),
      env: { ...program.environment, [SUPERVISED_VARIABLE]: JSON.stringify(startOf(input)) },
    });
    this.pid = this.child.pid;
    this.logger = input.logger.child({ generation: number, pid: this.pid });
    this.exited = exitOf(this.child);
    this.ready = this.awaitReady(input.onMessage);
    // Who starts it looks at both; neither may be an unhandled rejection meanwhile.
    this.ready.catch(() => undefined);
    void this.exited.then(() => this.takeBackKill());
    this.logger.info("worker started");
  }

  get status(): GenerationStatus {
    return { number: this.number, pid: this.pid ?? 0, info: this.info };
  }

  /** Milliseconds since it was ready; 0 when it never was. */
  get servedMs(): number {
    return this.readySinceMs === undefined ? 0 : this.clock.nowMs() - this.readySinceMs;
  }

  /**
   * Lets it finish its work, and kills it after `limitMs`. It is told once: a worker that is told
   * twice ends at once.
   */
  drain(limitMs: number): void {
    if (this.toldToEnd) return;
    this.toldToEnd = true;
    this.child.kill("SIGTERM");
    this.killAfter(limitMs);
  }

  /** Tells it that another one serves from now on, and lets it finish its work. */
  drainReplaced(limitMs: number): void {
    // Who does not hear it has gone.
    if (!this.toldToEnd && this.child.connected) this.child.send(REPLACED, () => undefined);
    this.drain(limitMs);
  }

  /** Ends it now, whatever it does, and kills it after `limitMs`. Sessions break. */
  endNow(limitMs: number): void {
    this.toldToEnd = true;
    this.child.kill("SIGTERM");
    this.killAfter(limitMs);
  }

  /** Takes the limit set before back. */
  killAfter(limitMs: number): void {
    this.takeBackKill();
    this.takeBackKill = after(this.clock, limitMs, () => {
      this.logger.error("worker did not end in time, killing it", { limitMs });
      this.child.kill("SIGKILL");
    });
  }

  private awaitReady(onMessage: (message: WorkerMessage) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.child.on("message", (raw) => {
        const message = readWorkerMessage(raw);
        if (message === undefined) return;
        if (this.readySinceMs !== undefined) onMessage(message);
        else if (message.kind === "ready") {
          this.info = message.info;
          this.readySinceMs = this.clock.nowMs();
          resolve();
        } else reject(new Error(`it said: ${message.reason}`));
      });
      void this.exited.then(({ how }) => {
        reject(new Error(how.replace("it ended", "it ended before it was ready")));
      });
    });
  }
}

function stdioOf({ sockets }: StartGeneration): StdioOptions {
  const descriptors = Array.from(sockets.values(), ({ fileDescriptor }) => fileDescriptor);
  return ["ignore", "inherit", "inherit", "ipc", ...descriptors];
}

function startOf({ number, sockets }: StartGeneration): WorkerStart {
  const names = [...sockets.keys()];
  return {
    protocol: PROTOCOL,
    generation: number,
    listeners: Object.fromEntries(names.map((name, index) => [name, FIRST_SOCKET + index])),
  };
}

function exitOf(child: ChildProcess): Promise<GenerationExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ how: `it ended (${signal ?? `exit code ${code}`})`, orderly: code === 0 });
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      // Other errors, of a signal or a message, are not its end.
      if (child.pid === undefined) {
        resolve({ how: `it could not be started (${error.code})`, orderly: false });
      }
    });
  });
}

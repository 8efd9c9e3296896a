/**
 * Several processes on one port and one store: starts the workers, writes what they are asked to
 * store, starts one again when it dies, replaces them one after another on SIGHUP, and ends when
 * they have ended.
 */
import { type ChildProcess, fork } from "node:child_process";
import { after, type Clock, parseAddress, type Random, ServiceError, sleep } from "holdfast";
import { StoreWriter } from "../store/index.ts";
import type { DemoAuthor } from "../demo/git-history.ts";
import { writeInstanceFile } from "./instance-file.ts";
import type { ProcessOptions } from "./options.ts";

/** What a worker says to its supervisor once it answers. */
export interface WorkerReady {
  readonly kind: "ready";
  /** Where calls are taken, with the port that was given. */
  readonly address: string;
  /** The URL of its ops port. */
  readonly ops: string;
  readonly authors: readonly { userId: string; name: string; commits: number }[];
}

/** The environment variable in which a worker finds its number. */
export const WORKER_VARIABLE = "FEED_HISTORY_WORKER";

const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 10_000;
/** A start takes a second; with a large journal to read, a few. */
const START_MAX_MS = 20_000;
/** How often the successor of one worker is tried before a roll is given up. */
const SUCCESSOR_TRIES = 5;

interface Worker {
  readonly index: number;
  process: ChildProcess;
  ready: WorkerReady | undefined;
}

export interface SupervisorParts {
  readonly options: ProcessOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly say: (text: string) => void;
}

export class Supervisor {
  private readonly parts: SupervisorParts;
  private store: StoreWriter | undefined = undefined;
  private readonly workers: Worker[] = [];
  /** Where each worker listens: the one that comes after it must as well. */
  private readonly ports: number[] = [];
  private ending = false;
  private failures = 0;
  private rolling: Promise<void> | undefined = undefined;

  constructor(parts: SupervisorParts) {
    this.parts = parts;
    const { port, workers, ownPorts } = parts.options;
    for (let index = 0; index < workers; index++) {
      this.ports[index] = port === 0 || !ownPorts ? port : port + index;
    }
  }

  /**
   * Resolves when all workers answer; rejects when one of them cannot, and with a StoreError when
   * the store cannot be had.
   */
  async start(): Promise<{ ready: readonly WorkerReady[]; authors: readonly DemoAuthor[] }> {
    this.store = await StoreWriter.open({ directory: this.parts.options.data });
    const { workers, ownPorts } = this.parts.options;
    const others = Array.from({ length: workers - 1 }, (_, index) => index + 1);
    if (ownPorts) await Promise.all([0, ...others].map((index) => this.startFirst(index)));
    else {
      // The first one picks the port that all of them share.
      await this.startFirst(0);
      this.ports.fill(this.ports[0]!);
      await Promise.all(others.map((index) => this.startFirst(index)));
    }
    const ready = this.workers.map((worker) => worker.ready!);
    const authors = ready[0]!.authors.map((author) => ({
      ...author,
      userId: BigInt(author.userId),
    }));
    return { ready, authors };
  }

  private async startFirst(index: number): Promise<void> {
    const worker = await this.startWorker(index);
    this.workers[index] = worker;
    this.ports[index] = portOf(worker.ready!.address);
    this.tellInstances();
  }

  /** Of the workers, in their order. */
  get pids(): readonly number[] {
    return this.workers.map((worker) => worker.process.pid!);
  }

  /** One worker after the other: the new one answers before the old one goes. */
  roll(): Promise<void> {
    this.rolling ??= this.rollEach().finally(() => (this.rolling = undefined));
    return this.rolling;
  }

  /** Lets the workers drain; resolves when they have ended. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.ending = true;
    await Promise.all(this.workers.map((worker) => end(worker.process, signal)));
    await this.store?.close();
  }

  private async rollEach(): Promise<void> {
    for (const worker of this.workers) {
      if (this.ending) return;
      const successor = await this.startSuccessor(worker.index);
      this.workers[worker.index] = successor;
      await end(worker.process, "SIGTERM");
    }
    this.parts.say("feed-history: all workers are new");
  }

  /** The old worker answers meanwhile, so that a start that fails harms nobody. */
  private async startSuccessor(index: number): Promise<Worker> {
    for (let left = SUCCESSOR_TRIES - 1; ; left--) {
      try {
        return await this.startWorker(index);
      } catch (error) {
        if (left === 0) throw error;
        this.parts.say(`feed-history: ${String(error)}; the old one stays, trying again`);
        await sleep(this.parts.clock, RESTART_MIN_MS);
      }
    }
  }

  private startWorker(index: number): Promise<Worker> {
    const { options } = this.parts;
    const args = [
      ...["--data", options.data, "--host", options.host, "--port", String(this.ports[index])],
      ...["--ops-port", String(options.opsPort === 0 ? 0 : options.opsPort + index)],
      ...(options.register === undefined ? [] : ["--register", options.register]),
      ...(options.config === undefined ? [] : ["--config", options.config]),
      ...["--workers", "1", "--demo", index === 0 ? options.demo : "none", "--log", options.log],
    ];
    const child = fork(process.argv[1]!, args, {
      env: { ...process.env, [WORKER_VARIABLE]: String(index) },
      // What workers send to be stored is bytes.
      serialization: "advanced",
    });
    this.store!.serve(child);
    const worker: Worker = { index, process: child, ready: undefined };
    return new Promise((resolve, reject) => {
      // One that hangs while it opens the store would hold up all that the others want to write.
      const late = after(this.parts.clock, START_MAX_MS, () => child.kill("SIGKILL"));
      child.on("message", (message) => {
        if ((message as Partial<WorkerReady>).kind !== "ready") return;
        late();
        worker.ready = message as WorkerReady;
        this.failures = 0;
        resolve(worker);
      });
      child.once("exit", (code, signal) => {
        late();
        if (worker.ready === undefined) {
          const how = `worker ${index} ended before it answered (${signal ?? code})`;
          reject(new ServiceError("unavailable", how));
        } else this.onExit(worker, signal ?? String(code));
      });
    });
  }

  private tellInstances(): void {
    const { ownPorts, instances } = this.parts.options;
    if (!ownPorts) return;
    const addresses = this.workers.flatMap(({ ready }) => ready?.address ?? []);
    writeInstanceFile(instances, addresses);
  }

  private onExit(worker: Worker, how: string): void {
    if (this.ending || this.workers[worker.index] !== worker) return;
    this.parts.say(`feed-history: worker ${worker.index} died (${how}); starting another`);
    worker.ready = undefined;
    this.tellInstances();
    this.restart(worker.index);
  }

  private restart(index: number): void {
    const { clock, random } = this.parts;
    const fullMs = Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** this.failures++);
    after(clock, fullMs * (0.5 + random.next() / 2), () => {
      if (this.ending) return;
      this.startWorker(index).then(
        (worker) => {
          this.workers[index] = worker;
          this.tellInstances();
        },
        () => this.restart(index),
      );
    });
  }
}

function portOf(address: string): number {
  const parsed = parseAddress(address);
  return parsed?.kind === "tcp" ? parsed.port : 0;
}

function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

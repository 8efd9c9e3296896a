/**
 * Keeps one worker of a program serving, on sockets that outlive it, and replaces it by the version
 * on disk while nobody notices. It knows nothing of what the program does, and does so little
 * itself that it need not be replaced.
 *
 * Starts come one after another (the first, upgrades, restarts), so at most one worker is on its
 * way; the one that serves is `current`; older ones drain, each until its last session ends.
 */
import {
  after,
  type Clock,
  type GenerationStatus,
  type Logger,
  type Random,
  ServiceError,
  type UpgradeOutcome,
  type UpgradeReport,
  type UpgradeStatus,
} from "holdfast";
import { bindSocket, type BoundSocket, type TcpAddress } from "./bind-socket.ts";
import { CrashRow } from "./crash-row.ts";
import { Generation, type GenerationExit, type Program } from "./generation.ts";
import { completeSupervisorOptions, type SupervisorOptions } from "./options.ts";
import type { WorkerMessage } from "./worker-protocol.ts";

export interface SupervisorParts {
  readonly program: Program;
  /** Name, by which the workers ask for it → where to listen. */
  readonly listen: Readonly<Record<string, TcpAddress>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly options?: Partial<SupervisorOptions>;
  /** Told after every change; `describe` says what is now. */
  readonly onChange?: () => void;
}

export class Supervisor {
  /** Resolves when the last worker has ended: 0 when each of them ended with 0, otherwise 1. */
  readonly ended: Promise<number>;
  private readonly parts: SupervisorParts;
  private readonly options: SupervisorOptions;
  private readonly crashes: CrashRow;
  private readonly resolveEnded: (exitCode: number) => void;
  private readonly sockets = new Map<string, BoundSocket>();
  /** Every worker that lives, oldest first. */
  private readonly generations = new Set<Generation>();
  private current: Generation | undefined = undefined;
  /** On its way to be the current one. */
  private candidate: Generation | undefined = undefined;
  private generationCount = 0;
  private upgrade: UpgradeReport = { number: 0, kind: "none" };
  /** Starts queue behind this one; it never rejects. */
  private lastStart: Promise<unknown> = Promise.resolve();
  private nextUpgrade: Promise<UpgradeReport> | undefined = undefined;
  private takeBackRestart: () => void = () => undefined;
  private state: UpgradeStatus["state"] = "starting";
  private exitCode = 0;

  /** Throws a ServiceError `invalid` when the options are wrong. */
  constructor(parts: SupervisorParts) {
    this.parts = parts;
    this.options = completeSupervisorOptions(parts.options);
    this.crashes = new CrashRow(this.options, parts.random);
    const { promise, resolve } = Promise.withResolvers<number>();
    this.ended = promise;
    this.resolveEnded = resolve;
  }

  /** Where is listened, by name; only after `bind`. */
  get addresses(): ReadonlyMap<string, TcpAddress> {
    return new Map(Array.from(this.sockets, ([name, { address }]) => [name, address]));
  }

  /** How it is, but for what only its process knows. */
  describe(): Omit<UpgradeStatus, "version" | "supervisorPid" | "supervisorStart"> {
    const { current, candidate, state } = this;
    const upgrade: UpgradeReport =
      this.upgrade.kind === "starting" ? { ...this.upgrade, pid: candidate?.pid } : this.upgrade;
    const { readyTimeoutMs } = this.options;
    const draining = this.draining().map(({ status }) => status);
    return { state, readyTimeoutMs, current: current?.status, draining, upgrade };
  }

  /** Takes the sockets. Rejects with a ServiceError that says which address cannot be had. */
  async bind(): Promise<void> {
    try {
      for (const [name, address] of Object.entries(this.parts.listen)) {
        this.sockets.set(name, await bindSocket(address));
      }
    } catch (error) {
      this.closeSockets();
      throw error;
    }
  }

  /** Starts the first worker. Rejects with a ServiceError when it does not become ready. */
  start(): Promise<GenerationStatus> {
    return this.inTurn(async () => {
      try {
        this.current = await this.launch();
      } catch (cause) {
        this.stop("the first worker is not ready");
        const message = `the worker did not start: ${(cause as Error).message}`;
        throw new ServiceError("unavailable", message, { cause });
      }
      if (this.state === "starting") this.state = "serving";
      this.changed();
      return this.current.status;
    });
  }

  /**
   * Replaces the worker; resolves with how that went, and never rejects. Requests that come while
   * one waits for its turn are the same one: it will start what is on disk then.
   */
  upgradeNow(): Promise<UpgradeReport> {
    this.nextUpgrade ??= this.inTurn(async () => {
      this.nextUpgrade = undefined;
      const { number } = this.upgrade;
      this.report({ kind: "starting" }, number + 1);
      this.report(await this.runUpgrade(), number + 1);
      return this.upgrade;
    });
    return this.nextUpgrade;
  }

  /** Lets every worker drain; connections are refused as soon as none of them listens. */
  stop(reason: string): void {
    if (this.state === "draining") return;
    this.parts.logger.info("supervisor drains", { reason, workers: this.generations.size });
    this.state = "draining";
    this.takeBackRestart();
    this.closeSockets();
    for (const generation of this.generations) generation.drain(this.options.drainTimeoutMs);
    this.changed();
    this.endWhenEmpty();
  }

  /** Ends every worker now; sessions break. */
  endNow(reason: string): void {
    this.stop(reason);
    this.parts.logger.warn("supervisor ends now", { reason, workers: this.generations.size });
    for (const generation of this.generations) generation.endNow(this.options.endTimeoutMs);
  }

  private async runUpgrade(): Promise<UpgradeOutcome> {
    const { drainingMax, drainTimeoutMs } = this.options;
    const drainingCount = this.draining().length;
    if (this.state !== "serving") return { kind: "refused", reason: "the supervisor is ending" };
    if (drainingCount >= drainingMax) {
      const reason = `${drainingCount} old versions still drain, and no more than that may`;
      return { kind: "refused", reason };
    }
    this.takeBackRestart();
    const startMs = this.parts.clock.nowMs();
    try {
      const fresh = await this.launch();
      const old = this.current;
      this.current = fresh;
      old?.drainReplaced(drainTimeoutMs);
      const readyAfterMs = Math.round(this.parts.clock.nowMs() - startMs);
      return { kind: "done", pid: fresh.pid!, readyAfterMs, oldPid: old?.pid };
    } catch (error) {
      // The old one ended meanwhile, and its restart was left to this.
      if (this.current === undefined) this.restartAfter(0);
      const reason = (error as Error).message;
      return { kind: "rolled-back", reason, oldPid: this.current?.pid };
    }
  }

  /** A worker that is ready. Rejects with the reason, after the one that is of no use has ended. */
  private async launch(): Promise<Generation> {
    if (this.isEnding()) throw new Error("the supervisor is ending");
    const { program, clock, logger } = this.parts;
    const number = ++this.generationCount;
    const { sockets } = this;
    const onMessage = (message: WorkerMessage): void => this.onMessage(generation, message);
    const start = { number, program, sockets, clock, logger, onMessage };
    const generation: Generation = new Generation(start);
    this.generations.add(generation);
    this.candidate = generation;
    this.changed();
    void generation.exited.then((exit) => this.onExit(generation, exit));
    try {
      await this.becomesReady(generation);
      logger.info("worker ready", { ...generation.status });
      return generation;
    } catch (error) {
      logger.error("worker not ready", { generation: number, pid: generation.pid, error });
      // At the end it has been told already, and may have sessions to finish.
      if (!this.isEnding()) {
        generation.endNow(this.options.endTimeoutMs);
        await generation.exited;
      }
      throw error;
    } finally {
      this.candidate = undefined;
    }
  }

  private async becomesReady(generation: Generation): Promise<void> {
    const { readyTimeoutMs } = this.options;
    let takeBack = (): void => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      takeBack = after(this.parts.clock, readyTimeoutMs, () => {
        reject(new Error(`it was not ready within ${readyTimeoutMs / 1000} s`));
      });
    });
    try {
      await Promise.race([generation.ready, late]);
      if (this.isEnding()) throw new Error("the supervisor is ending");
    } finally {
      takeBack();
    }
  }

  private onExit(generation: Generation, { how, orderly }: GenerationExit): void {
    this.generations.delete(generation);
    const { number, pid } = generation;
    const level = orderly ? "info" : "warn";
    this.parts.logger[level]("worker gone", { generation: number, pid, how });
    // One that was on its way had nothing to finish.
    if (this.state === "draining" && !orderly && generation !== this.candidate) this.exitCode = 1;
    if (generation === this.current) {
      this.current = undefined;
      // If another one is on its way, that one comes first.
      if (this.candidate === undefined) this.restartAfter(generation.servedMs);
    }
    this.changed();
    this.endWhenEmpty();
  }

  private onMessage(generation: Generation, message: WorkerMessage): void {
    if (message.kind === "drain") this.stop(message.reason);
    if (message.kind !== "leaving" || generation !== this.current) return;
    const { reason } = message;
    this.parts.logger.error("worker leaves", { generation: generation.number, reason });
    this.current = undefined;
    generation.killAfter(this.options.drainTimeoutMs);
    if (this.candidate === undefined) this.restartAfter(generation.servedMs);
    this.changed();
  }

  /** The current worker ended though nobody told it to, after it had served for so long. */
  private restartAfter(servedMs: number): void {
    const { clock, logger } = this.parts;
    if (this.state !== "serving") return;
    const delayMs = this.crashes.delayAfter(servedMs);
    const { count } = this.crashes;
    if (delayMs === undefined) {
      logger.error("worker crashed too often, giving up", { crashes: count });
      this.exitCode = 1;
      this.stop(`${count} crashes in a row`);
      return;
    }
    logger.error("worker crashed, starting another", { crashes: count, delayMs });
    this.takeBackRestart();
    this.takeBackRestart = after(clock, delayMs, () => void this.inTurn(() => this.restart()));
  }

  private async restart(): Promise<void> {
    if (this.current !== undefined || this.state !== "serving") return;
    try {
      this.current = await this.launch();
      this.changed();
    } catch {
      this.restartAfter(0);
    }
  }

  private inTurn<Value>(start: () => Promise<Value>): Promise<Value> {
    const result = this.lastStart.then(start);
    this.lastStart = result.catch(() => undefined);
    return result;
  }

  /** Also before and after a wait, which the state does not survive. */
  private isEnding(): boolean {
    return this.state === "draining";
  }

  /** Those that were replaced and have not ended yet. */
  private draining(): Generation[] {
    return [...this.generations].filter((one) => one !== this.current && one !== this.candidate);
  }

  private report(outcome: UpgradeOutcome, number: number): void {
    this.upgrade = { number, ...outcome };
    const level = outcome.kind === "rolled-back" || outcome.kind === "refused" ? "warn" : "info";
    this.parts.logger[level]("upgrade", { ...this.upgrade });
    this.changed();
  }

  private changed(): void {
    this.parts.onChange?.();
  }

  private endWhenEmpty(): void {
    if (this.state === "draining" && this.generations.size === 0) this.resolveEnded(this.exitCode);
  }

  private closeSockets(): void {
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
  }
}

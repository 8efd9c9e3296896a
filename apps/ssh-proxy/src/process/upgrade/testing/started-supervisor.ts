/** For tests: a supervisor in a process of its own, with a program on disk that a test rewrites. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { UpgradeReport, UpgradeStatus } from "holdfast";
import type { SupervisorOptions } from "../options.ts";
import type { EchoVersion } from "./echo-worker.ts";
import type { SupervisorNews } from "./supervisor-program.ts";

const SUPERVISOR = join(import.meta.dirname, "supervisor-program.ts");
const ECHO_WORKER = pathToFileURL(join(import.meta.dirname, "echo-worker.ts")).href;

export interface SupervisorExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class StartedSupervisor {
  readonly pidFile: string;
  readonly process: ChildProcess;
  readonly exited: Promise<SupervisorExit>;
  port = 0;
  output = "";
  private readonly folder: string;
  private status: UpgradeStatus | undefined = undefined;
  private readonly waiting = new Set<() => void>();
  /** Every worker that there ever was. */
  private readonly workers = new Set<number>();

  /** Starts it on version "1", which serves, or on `program`. It and its workers end with `t`. */
  constructor(t: TestContext, options: Partial<SupervisorOptions> = {}, port = 0) {
    this.folder = mkdtempSync(join(tmpdir(), "ssh-proxy-upgrade-"));
    this.pidFile = join(this.folder, "echo.pid");
    this.install("1");
    const args = [
      ...["--program", this.programFile, "--pid-file", this.pidFile, "--port", String(port)],
      ...["--options", JSON.stringify(options)],
    ];
    // Not with the options of the test runner: by one of them SIGUSR2 writes a report.
    // The later of twenty starts find compiled what the first have read.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(this.folder, "compiled") };
    this.process = fork(SUPERVISOR, args, {
      env,
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.exited = new Promise((resolve) => {
      this.process.once("exit", (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then(() => this.wake());
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
        this.wake();
      });
    }
    this.process.on("message", (news: SupervisorNews) => this.onNews(news));
    t.after(() => this.dispose());
  }

  /** Resolves when the first worker serves. */
  static async start(
    t: TestContext,
    options: Partial<SupervisorOptions> = {},
  ): Promise<StartedSupervisor> {
    const started = new StartedSupervisor(t, options);
    await started.until(() => started.port !== 0);
    return started;
  }

  /** The last status that it told. */
  get now(): UpgradeStatus {
    return this.status ?? assert.fail(`no status:\n${this.output}`);
  }

  /** The process id of the worker that serves. */
  get workerPid(): number {
    return this.now.current?.pid ?? assert.fail("nobody serves");
  }

  /** Puts a version where the program is; who runs already stays as it is. */
  install(version: string, behaviour: EchoVersion["behaviour"] = "serves"): void {
    const echo: EchoVersion = { version, behaviour };
    this.installText(
      `import { runEchoWorker } from ${JSON.stringify(ECHO_WORKER)};\n` +
        `await runEchoWorker(${JSON.stringify(echo)});\n`,
    );
  }

  installText(text: string): void {
    writeFileSync(`${this.programFile}.draft`, text);
    renameSync(`${this.programFile}.draft`, this.programFile);
  }

  /** Asks for an upgrade, and resolves with how it went. */
  async upgrade(): Promise<UpgradeReport> {
    const { number } = this.now.upgrade;
    this.process.kill("SIGUSR2");
    await this.until(({ upgrade }) => upgrade.number > number && upgrade.kind !== "starting");
    return this.now.upgrade;
  }

  /** Resolves when this holds; fails with all that was said when the supervisor ends before. */
  async until(holds: (status: UpgradeStatus) => boolean): Promise<void> {
    while (this.status === undefined || !holds(this.status)) {
      const { exitCode, signalCode } = this.process;
      assert.ok(exitCode === null && signalCode === null, `it ended:\n${this.output}`);
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** Resolves when it is said on standard output or error. */
  untilSaid(text: string): Promise<void> {
    return this.until(() => this.output.includes(text));
  }

  /** Process ids of workers that have not gone, the supervisor's children only. */
  livingWorkers(): number[] {
    return [...this.workers].filter((pid) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    });
  }

  private get programFile(): string {
    return join(this.folder, "program.mjs");
  }

  private onNews(news: SupervisorNews): void {
    if (news.kind === "ready") this.port = news.port;
    else {
      this.status = news.status;
      const { current, draining, upgrade } = news.status;
      const candidate = upgrade.kind === "starting" ? (upgrade.pid ?? 0) : 0;
      for (const { pid } of [...draining, ...(current === undefined ? [] : [current])]) {
        this.workers.add(pid);
      }
      if (candidate > 0) this.workers.add(candidate);
    }
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private async dispose(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
    for (const pid of this.livingWorkers()) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true });
  }
}

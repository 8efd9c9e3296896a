/**
 * Three instances of feed-history as processes of this machine, as `make up` has them, and feeds
 * that ask them.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGitHistory } from "./catalog.ts";
import { Metrics } from "./metrics.ts";
import { Program } from "./program.ts";

const INSTANCES = 3;
const PORTS = ["--port", "0", "--ops-port", "0"];
/** A disk that is busy with something else keeps all instances waiting, which is no fault here. */
const MEMORY_FOLDER = "/dev/shm";

/**
 * A machine that does other things as well keeps the event loops waiting, and whoever sheds load
 * then refuses calls of every scenario alike.
 */
const NO_SHEDDING = { loadShed: { mode: "dark" } };
const CONFIG = { "*/Feed/*": NO_SHEDDING, "*/FeedHistory/*": NO_SHEDDING };

/** What stands in front of an instance; the feed is told of it instead. */
export interface Front {
  readonly address: string;
}

export class History implements AsyncDisposable {
  readonly program: Program;
  private readonly folder: string;
  private feeds = 0;

  private constructor(folder: string, program: Program) {
    this.folder = folder;
    this.program = program;
  }

  static async start(): Promise<History> {
    const parent = existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir();
    const folder = mkdtempSync(join(parent, "feed-fleet-"));
    mkdirSync(join(folder, "items"));
    await writeGitHistory(join(folder, "items"));
    const args = ["--workers", String(INSTANCES), "--own-ports", "--demo", "none", ...PORTS];
    const config = join(folder, "config.json");
    writeFileSync(config, JSON.stringify(CONFIG));
    const files = ["--data", join(folder, "data"), "--config", config];
    return new History(folder, await Program.start("feed-history", [...files, ...args]));
  }

  /** Where the first instance answers. */
  get first(): string {
    return this.program.ready.rpc![0]!;
  }

  /** Of the first instance, until that is replaced. */
  get firstPid(): number {
    return this.program.ready.pids![0]!;
  }

  /**
   * A feed that watches the file of instances which feed-history writes or, with a front, one in
   * which that stands for the first instance.
   */
  async startFeed(front?: Front): Promise<Feed> {
    const { folder } = this;
    let file = join(folder, "data", "instances.json");
    const name = `feed-${++this.feeds}`;
    if (front !== undefined) {
      const others = this.program.ready.rpc!.slice(1);
      file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify({ FeedHistory: [front.address, ...others] }));
    }
    const what = ["--history", file, "--items", join(folder, "items")];
    const config = ["--config", join(folder, "config.json")];
    const log = join(folder, `${name}.log`);
    return new Feed(await Program.start("feed", [...what, ...config, "--log", log, ...PORTS]), log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }
}

export class Feed implements AsyncDisposable {
  readonly address: string;
  private readonly program: Program;
  private readonly log: string;

  constructor(program: Program, log: string) {
    this.program = program;
    this.log = log;
    this.address = program.ready.address!;
  }

  /** Why it answered without the history, as its log has it. */
  complaints(): string[] {
    const lines = readFileSync(this.log, "utf8").split("\n");
    return lines.filter((line) => line.includes("answered without the history"));
  }

  metrics(): Promise<Metrics> {
    return Metrics.read(String(this.program.ready.ops));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

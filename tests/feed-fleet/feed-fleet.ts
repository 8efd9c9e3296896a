/** feed and three instances of feed-history as processes of this machine, as `make up` has them. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGitHistory } from "./catalog.ts";
import { Program } from "./program.ts";

const INSTANCES = 3;

export class FeedFleet implements AsyncDisposable {
  readonly folder: string;
  readonly history: Program;
  readonly feed: Program;

  private constructor(folder: string, history: Program, feed: Program) {
    this.folder = folder;
    this.history = history;
    this.feed = feed;
  }

  /**
   * `listed` makes the file of instances that the feed watches, from where they answer; default:
   * feed-history writes it.
   */
  static async start(
    listed?: (addresses: readonly string[], folder: string) => string,
  ): Promise<FeedFleet> {
    const folder = mkdtempSync(join(tmpdir(), "feed-fleet-"));
    const data = join(folder, "data");
    const items = join(folder, "items");
    mkdirSync(items);
    await writeGitHistory(items);
    const ports = ["--port", "0", "--ops-port", "0"];
    const workers = ["--workers", String(INSTANCES), "--own-ports", "--demo", "none"];
    const history = await Program.start("feed-history", ["--data", data, ...workers, ...ports]);
    const file = listed?.(history.ready.rpc!, folder) ?? join(data, "instances.json");
    const what = ["--history", file, "--items", items, "--log", join(folder, "feed.log")];
    const feed = await Program.start("feed", [...what, ...ports]);
    return new FeedFleet(folder, history, feed);
  }

  /** Process ids of the instances, as they were at the start. */
  get pids(): readonly number[] {
    return this.history.ready.pids!;
  }

  get address(): string {
    return this.feed.ready.address!;
  }

  /** The URL of the feed's ops port. */
  get ops(): string {
    return String(this.feed.ready.ops);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feed[Symbol.asyncDispose]();
    await this.history[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }
}

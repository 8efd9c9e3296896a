/**
 * One process that answers: the store below the service, the demo in it. Alone it is the whole
 * program; under a supervisor it is one of several.
 */
import { resolve } from "node:path";
import {
  describeVersion,
  gitIn,
  type LifecyclePart,
  openConfig,
  openLog,
  openRegistrar,
  type RunningService,
  type SignalledProcess,
  startService,
  STATE_KIND,
  SystemClock,
  systemRuntime,
} from "holdfast";
import { type DemoAuthor, loadGitHistory } from "../demo/git-history.ts";
import { FeedHistory } from "../gen/feed_history.ts";
import { FeedHistoryService } from "../service/feed-history-service.ts";
import { type HistoryStore, openLmdbHistoryStore } from "../store/index.ts";
import type { ProcessOptions } from "./options.ts";

export interface RunningWorker extends RunningService {
  readonly data: string;
  readonly authors: readonly DemoAuthor[];
}

const PACKAGE_VERSION = "0.1.0";
const PACKAGE_FOLDER = resolve(import.meta.dirname, "../..");

/** When it cannot start, it says why in one line, exits with 1, and this never settles. */
export async function startWorker(
  options: ProcessOptions,
  supervised: boolean,
): Promise<RunningWorker> {
  const data = resolve(options.data);
  const store = new StorePart(data, options.demo, supervised);
  const runtime = systemRuntime({ logger: openLog(options.log, new SystemClock()) });
  const { register, config } = options;
  const consulToken = process.env["CONSUL_HTTP_TOKEN"];
  const service = await startService({
    definition: FeedHistory,
    handler: new FeedHistoryService(() => store.opened),
    host: options.host,
    port: options.port,
    reusePort: supervised,
    ops: { port: options.opsPort },
    parts: [store],
    version: await describeVersion(PACKAGE_VERSION, gitIn(PACKAGE_FOLDER)),
    runtime,
    config: config === undefined ? undefined : openConfig(config, runtime),
    register:
      register === undefined
        ? undefined
        : { registrar: openRegistrar(register, runtime, { consulToken }) },
    process: supervised ? withoutInterrupt : process,
  });
  service.observers.state.register({
    name: `store ${data}`,
    kind: STATE_KIND.stats,
    snapshot: () => store.opened.stats(),
  });
  return { ...service, data, authors: store.authors };
}

/** Ctrl-C reaches the supervisor too, which tells its workers itself. */
const withoutInterrupt: SignalledProcess = {
  on: (signal, listener) => process.on(signal, signal === "SIGINT" ? () => undefined : listener),
  off: (signal, listener) => process.off(signal, listener),
  exit: (code) => process.exit(code),
};

/** The store as a part of the process: opened before the first call, closed after the last. */
class StorePart implements LifecyclePart {
  readonly name = "store";
  authors: readonly DemoAuthor[] = [];
  private readonly directory: string;
  private readonly demo: string;
  /** The supervisor writes; this process reads, and sends it what to write. */
  private readonly supervised: boolean;
  private store: HistoryStore | undefined = undefined;

  constructor(directory: string, demo: string, supervised: boolean) {
    this.directory = directory;
    this.demo = demo;
    this.supervised = supervised;
  }

  /** Only between start and stop. */
  get opened(): HistoryStore {
    return this.store!;
  }

  async start(): Promise<void> {
    const { directory, demo } = this;
    const writer = this.supervised ? process : undefined;
    this.store = await openLmdbHistoryStore({ directory, writer });
    if (demo !== "none") this.authors = await loadGitHistory(this.store, { path: demo });
  }

  async stop(): Promise<void> {
    await this.store?.close();
  }
}

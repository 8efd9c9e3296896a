/**
 * One process that answers: ops port, store, server, as the parts of one lifecycle. Alone it is
 * the whole program; under a supervisor it is one of several.
 */
import { resolve } from "node:path";
import {
  createObservers,
  createOpsServer,
  createServer,
  describeVersion,
  formatAddress,
  gitIn,
  handleSignals,
  Lifecycle,
  type LifecyclePart,
  type Observers,
  type OpsServer,
  type ProcessLogger,
  type Runtime,
  type Server,
  STATE_KIND,
  SystemClock,
  systemRandom,
  TcpNetwork,
} from "holdfast";
import { type DemoAuthor, loadGitHistory } from "../demo/git-history.ts";
import { FeedHistory, type FeedHistoryHandler } from "../gen/feed_history.ts";
import { FeedHistoryService } from "../service/feed-history-service.ts";
import { type HistoryStore, openLmdbHistoryStore, ownerTokenVariable } from "../store/index.ts";
import { openLog } from "./log.ts";
import type { ProcessOptions } from "./options.ts";

export interface RunningWorker {
  readonly lifecycle: Lifecycle;
  readonly rpc: string;
  readonly port: number;
  /** The URL of the ops port. */
  readonly ops: string;
  readonly data: string;
  readonly authors: readonly DemoAuthor[];
}

interface Parts {
  readonly options: ProcessOptions;
  readonly runtime: Runtime;
  readonly observers: Observers;
  readonly supervised: boolean;
  readonly data: string;
}

const PACKAGE_VERSION = "0.1.0";

/** Rejects with what stands in the way; then nothing is left running. */
export async function startWorker(
  options: ProcessOptions,
  supervised: boolean,
): Promise<RunningWorker> {
  const clock = new SystemClock();
  const logger = openLog(options, clock);
  const runtime = { clock, random: systemRandom(), network: new TcpNetwork(clock), logger };
  const parts = {
    options,
    runtime,
    observers: createObservers(runtime),
    supervised,
    data: resolve(options.data),
  };
  const store = storePart(parts);
  const rpc = rpcPart(parts, () => store.opened());
  const version = await describeVersion(
    PACKAGE_VERSION,
    gitIn(resolve(import.meta.dirname, "../..")),
  );
  const ops = opsPart(parts, version, () => lifecycle);
  const lifecycle: Lifecycle = new Lifecycle([ops, store, rpc], { clock, logger });
  endWithSignals(lifecycle, logger, supervised);
  await lifecycle.start();
  const { address } = rpc.where();
  const port = address.kind === "tcp" ? address.port : 0;
  const authors = store.authors();
  return { lifecycle, rpc: formatAddress(address), port, ops: ops.url, data: parts.data, authors };
}

/** Under a supervisor Ctrl-C is the supervisor's, which tells its workers itself. */
function endWithSignals(lifecycle: Lifecycle, logger: ProcessLogger, supervised: boolean): void {
  const signalled = {
    on: (signal: "SIGTERM" | "SIGINT", listener: () => void) =>
      process.on(signal, supervised && signal === "SIGINT" ? () => undefined : listener),
    off: (signal: "SIGTERM" | "SIGINT", listener: () => void) => process.off(signal, listener),
    exit: (code: number) => process.exit(code),
  };
  handleSignals(signalled, lifecycle, {
    logger,
    onStopped: (report) => {
      if (report.startError !== undefined) complain(report.startError.message);
      return logger.flush();
    },
  });
}

/** One line for whoever started the process; the log has the rest. */
function complain(message: string): void {
  process.stderr.write(`feed-history: ${message}\n`);
}

function opsPart(parts: Parts, version: string, lifecycle: () => Lifecycle): OpsServer {
  const { runtime, observers, options, supervised } = parts;
  const { clock, logger } = runtime;
  return createOpsServer(
    {
      name: "feed-history",
      version,
      clock,
      logger,
      registry: observers.state,
      stats: observers.stats,
      calls: observers.records,
      state: () => lifecycle().state,
      drain: (reason) => void lifecycle().shutdown(reason),
    },
    { port: options.opsPort, reusePort: supervised },
  );
}

function storePart({ options, observers, data }: Parts): LifecyclePart & {
  opened(): HistoryStore;
  authors(): readonly DemoAuthor[];
} {
  let store: HistoryStore | undefined = undefined;
  let authors: readonly DemoAuthor[] = [];
  return {
    name: "store",
    opened: () => store!,
    authors: () => authors,
    async start() {
      const ownerToken = process.env[ownerTokenVariable];
      const opened = await openLmdbHistoryStore({ directory: data, ownerToken });
      store = opened;
      observers.state.register({
        name: `store ${data}`,
        kind: STATE_KIND.stats,
        snapshot: () => opened.stats(),
      });
      if (options.demo !== "none") authors = await loadGitHistory(opened, { path: options.demo });
    },
    stop: () => store?.close(),
  };
}

function rpcPart(
  { options, runtime, observers, supervised }: Parts,
  store: () => HistoryStore,
): LifecyclePart & { where(): { address: Awaited<ReturnType<Server<never>["listen"]>> } } {
  let server: Server<FeedHistoryHandler> | undefined = undefined;
  let address: Awaited<ReturnType<Server<never>["listen"]>> | undefined = undefined;
  return {
    name: "rpc server",
    where: () => ({ address: address! }),
    async start() {
      const handler = new FeedHistoryService(store());
      server = createServer({ definition: FeedHistory, handler, runtime, observers });
      const { host, port } = options;
      address = await server.listen({ kind: "tcp", host, port }, { reusePort: supervised });
    },
    drain: (context) => server?.drain(context),
    stop: () => server?.stop(),
  };
}

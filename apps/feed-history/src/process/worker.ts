/**
 * One process that answers: the ops port, the store, the server, as parts of one lifecycle. Alone
 * it is the whole program; under a supervisor it is one of several.
 */
import { resolve } from "node:path";
import {
  createObservers,
  createServer,
  formatAddress,
  handleSignals,
  Lifecycle,
  type LifecyclePart,
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
import type { ProcessOptions } from "./options.ts";

export interface RunningWorker {
  readonly lifecycle: Lifecycle;
  readonly rpc: string;
  readonly port: number;
  readonly ops: string;
  readonly data: string;
  readonly authors: readonly DemoAuthor[];
}

/** Rejects with what stands in the way, in one line; then nothing is left running. */
export async function startWorker(
  options: ProcessOptions,
  logger: ProcessLogger,
  supervised: boolean,
): Promise<RunningWorker> {
  const clock = new SystemClock();
  const runtime = { clock, random: systemRandom(), network: new TcpNetwork(clock), logger };
  const observers = createObservers(runtime);
  const facts = { rpc: "", port: 0, ops: "", authors: [] as DemoAuthor[] };
  const data = resolve(options.data);
  let store: HistoryStore | undefined = undefined;
  const storePart: LifecyclePart = {
    name: "store",
    async start() {
      const ownerToken = process.env[ownerTokenVariable];
      store = await openLmdbHistoryStore({ directory: data, ownerToken });
      const opened = store;
      observers.state.register({
        name: `store ${data}`,
        kind: STATE_KIND.stats,
        snapshot: () => opened.stats(),
      });
      if (options.demo !== "none") facts.authors = await loadGitHistory(store, { path: options.demo });
    },
    stop: () => store?.close(),
  };
  const serverPart = rpcPart(options, runtime, observers, supervised, () => store!, facts);
  const lifecycle = new Lifecycle([storePart, serverPart], { clock, logger });
  handleSignals(process, lifecycle, { logger, onStopped: () => logger.flush() });
  await lifecycle.start();
  return { lifecycle, data, ...facts };
}

function rpcPart(
  options: ProcessOptions,
  runtime: Runtime,
  observers: ReturnType<typeof createObservers>,
  supervised: boolean,
  store: () => HistoryStore,
  facts: { rpc: string; port: number },
): LifecyclePart {
  let server: Server<FeedHistoryHandler> | undefined = undefined;
  return {
    name: "rpc server",
    async start() {
      const handler = new FeedHistoryService(store());
      server = createServer({ definition: FeedHistory, handler, runtime, observers });
      const { host, port } = options;
      const address = await server.listen(
        { kind: "tcp", host, port },
        { reusePort: supervised },
      );
      facts.rpc = formatAddress(address);
      facts.port = address.kind === "tcp" ? address.port : 0;
    },
    drain: (context) => server?.drain(context),
    stop: () => server?.stop(),
  };
}

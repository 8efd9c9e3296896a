/** Starts the feed service. */
import {
  BreakerTable,
  createObservers,
  describeVersion,
  gitIn,
  openConfig,
  openLog,
  ServiceError,
  startService,
  SystemClock,
  systemRuntime,
} from "holdfast";
import { resolve } from "node:path";
import { type Catalog } from "./catalog/catalog.ts";
import { gitCatalog } from "./catalog/git-catalog.ts";
import { Feed } from "./gen/feed.ts";
import { banner } from "./process/banner.ts";
import { HistoryPart } from "./process/history-part.ts";
import { parseProcessOptions, USAGE, UsageError } from "./process/options.ts";
import { FEED_SERVICE_DEFAULTS, FeedService } from "./service/feed-service.ts";

const PACKAGE_VERSION = "0.1.0";
const PACKAGE_FOLDER = resolve(import.meta.dirname, "..");

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) return say(USAGE);
  const options = parseProcessOptions(args);
  const runtime = systemRuntime({ logger: openLog(options.log, new SystemClock()) });
  const { clock, logger } = runtime;
  const observers = createObservers(runtime);
  const breakers = new BreakerTable({
    ...{ clock, logger, random: runtime.random.stream("breakers") },
    ...{ registry: observers.state, stats: observers.stats },
  });
  const config =
    options.config === undefined ? undefined : openConfig(options.config, runtime, observers);
  const source = options.history;
  const secrets = { consulToken: process.env["CONSUL_HTTP_TOKEN"] };
  const history = new HistoryPart({ source, secrets, runtime, observers, breakers, config });
  const catalog: Catalog = await gitCatalog(options.items);
  const service = await startService({
    definition: Feed,
    handler: new FeedService({
      ...{ catalog: () => catalog, history: () => history.calls, logger },
      options: FEED_SERVICE_DEFAULTS,
    }),
    ...{ host: options.host, port: options.port, ops: { port: options.opsPort } },
    ...{ parts: [history], runtime, observers, config },
    version: await describeVersion(PACKAGE_VERSION, gitIn(PACKAGE_FOLDER)),
  });
  const { address, opsUrl = "" } = service;
  process.send?.({ kind: "ready", address, ops: opsUrl });
  say(banner({ rpc: address, ops: opsUrl, source, items: catalog.items.length }));
  const report = await service.lifecycle.stopped;
  say(`feed ended (${report.reason}); ${report.cut} calls were cut off`);
}

/** One clear line for what a user can mend, a stack for what only we can. */
function fail(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}\n`);
  else if (error instanceof ServiceError) process.stderr.write(`feed: ${error.message}\n`);
  else process.stderr.write(`feed: ${error instanceof Error ? error.stack : String(error)}\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch(fail);

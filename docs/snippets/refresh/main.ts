/**
 * Refreshes feeds for as long as it runs, and says once a second how that went. What to watch while
 * instances of the history behind it are killed, stopped and slowed down.
 *
 *   npx node docs/snippets/refresh/main.ts 127.0.0.1:9190
 */
import { join } from "node:path";
import {
  compileIdlFile,
  createClient,
  createContext,
  dynamicService,
  parseAddress,
  schemaOf,
  ServiceError,
  silentLogger,
  sleep,
  systemRuntime,
} from "holdfast";

const CALLS_PER_SECOND = 200;
/** So many that each has seen some of the feed and not all. */
const USERS = 1_000n;
const IDL = join(import.meta.dirname, "../../../apps/feed/idl/feed.thrift");

/** How the calls of one second ended. */
class Second {
  private answered = 0;
  private degraded = 0;
  private slowestMs = 0;
  private readonly failures: string[] = [];

  add(reply: unknown, tookMs: number): void {
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (reply instanceof ServiceError) this.failures.push(reply.code);
    else this.answered++;
    if ((reply as { degraded?: boolean }).degraded === true) this.degraded++;
  }

  toString(): string {
    const { answered, degraded, slowestMs, failures } = this;
    const codes = failures.length === 0 ? "" : ` (${[...new Set(failures)].join(", ")})`;
    const failed = `${failures.length} failed${codes}`;
    const slowest = `slowest ${slowestMs.toFixed(0)} ms`;
    return `${answered} answered, ${degraded} degraded, ${failed}, ${slowest}`;
  }
}

async function main(place: string): Promise<void> {
  const address = parseAddress(place);
  if (address === undefined) throw new Error(`${place} is not HOST:PORT`);
  const runtime = systemRuntime({ logger: silentLogger });
  const { clock } = runtime;
  const { program } = compileIdlFile(IDL);
  const definition = dynamicService(schemaOf(program!).services.get("Feed")!);
  const { calls } = createClient({ definition, address, runtime });
  let second = new Second();

  async function refresh(userId: bigint): Promise<void> {
    const startMs = clock.nowMs();
    const context = createContext({ clock }).withTimeout(1_000);
    const reply = await calls["refresh"]!(context, { userId, count: 3 }).catch((error: unknown) =>
      ServiceError.from(error),
    );
    second.add(reply, clock.nowMs() - startMs);
  }

  const startMs = clock.nowMs();
  for (let call = 1; ; call++) {
    void refresh(BigInt(call) % USERS);
    // The rate stays, however late one of the pauses ends.
    // oxlint-disable-next-line no-await-in-loop
    await sleep(clock, Math.max(0, startMs + (call * 1_000) / CALLS_PER_SECOND - clock.nowMs()));
    if (call % CALLS_PER_SECOND !== 0) continue;
    console.log(`${new Date(clock.epochMs()).toISOString().slice(11, 19)}  ${String(second)}`);
    second = new Second();
  }
}

await main(process.argv[2] ?? "127.0.0.1:9190");

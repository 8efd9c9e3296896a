/**
 * The ten lines of a service's `main`: the server, the ops port and what else has a beginning and
 * an end as one lifecycle, which the signals of the process end. Who needs it otherwise puts the
 * same parts together by hand; all of them are public.
 */
import {
  type Address,
  formatAddress,
  handleSignals,
  Lifecycle,
  type LifecyclePart,
  type LiveConfig,
  type Logger,
  type Runtime,
  type SignalledProcess,
} from "@holdfast/core";
import {
  createOpsServer,
  describeVersion,
  gitIn,
  type OpsOptions,
  type ProcessLogger,
} from "@holdfast/ops";
import { createObservers, createServer, type Observers, type Server } from "@holdfast/rpc";
import type { ServerOptionsInput, ServerPolicyInput } from "@holdfast/rpc";
import type { ServiceDefinition } from "@holdfast/thrift";
import { type RegisterAt, RegistrationPart } from "./registration-part.ts";
import { systemRuntime } from "./system-runtime.ts";

export interface StartService<Handler> extends Partial<StartServiceOptions> {
  /** Generated from the IDL. */
  readonly definition: ServiceDefinition<Handler, unknown>;
  readonly handler: Handler;
}

export interface StartServiceOptions {
  /** Where calls are taken; default 127.0.0.1. `0.0.0.0` lets other machines call. */
  readonly host: string;
  /** 0 to 65,535, default 9090; 0 takes a free one. */
  readonly port: number;
  /**
   * Lets several processes share the ports (SO_REUSEPORT), so that a successor answers before this
   * one has ended; default false.
   */
  readonly reusePort: boolean;
  /** The ops port, see OpsOptions; default 127.0.0.1:6060. `false`: none. */
  readonly ops: Partial<OpsOptions> | false;
  /** The limits and times of the server, see ServerOptions. */
  readonly server: ServerOptionsInput;
  /** Load shedding, rate limits and the like; each default stands with its policy. */
  readonly policies: ServerPolicyInput;
  /** What may change while it runs, shown at `/config`; default nothing. See `openConfig`. */
  readonly config: LiveConfig | undefined;
  /** Where it is announced; default nowhere. See `openRegistrar`. */
  readonly register: RegisterAt | undefined;
  /** What stands below the service, such as a store: started before it, stopped after it. */
  readonly parts: readonly LifecyclePart[];
  /** As `/info` shows it; default: package.json's, with the commit where there is git. */
  readonly version: string;
  /** Default: the system's, with a log on standard output. */
  readonly runtime: Runtime;
  /** Shared with the clients of the same process; default: of its own. */
  readonly observers: Observers;
  /** Whose signals end it, and who exits then; default: this process. */
  readonly process: SignalledProcess;
}

export interface RunningService {
  /** Where calls are taken, such as `127.0.0.1:9090`, with the port that was given. */
  readonly address: string;
  /** Such as `http://127.0.0.1:6060`; undefined without an ops port. */
  readonly opsUrl: string | undefined;
  readonly lifecycle: Lifecycle;
  readonly observers: Observers;
  readonly runtime: Runtime;
}

/**
 * Resolves once the service answers. SIGTERM, SIGINT and POST /drain finish the calls at work and
 * exit with 0. When it cannot start, it says why in one line on standard error and exits with 1;
 * then this never settles.
 */
export async function startService<Handler>(input: StartService<Handler>): Promise<RunningService> {
  const options = await completeStartServiceOptions(input);
  const { runtime, observers } = options;
  const { clock, logger } = runtime;
  const { definition, handler } = input;
  const { config, register, policies } = options;
  const server = createServer({
    ...{ definition, handler, runtime, observers, policies, options: options.server },
    ...(config !== undefined && { config }),
  });
  const { host, port, reusePort } = options;
  const rpc = new RpcPart(server, { kind: "tcp", host, port }, reusePort);
  const ops = createOps(options, definition.name, observers, () => lifecycle);
  const parts: LifecyclePart[] = [...options.parts, rpc];
  if (config !== undefined) parts.unshift(config);
  if (ops !== undefined) parts.unshift(ops);
  if (register !== undefined) {
    const at = { service: definition.name, ...register };
    parts.push(new RegistrationPart(at, () => rpc.address, logger));
  }
  const lifecycle: Lifecycle = new Lifecycle(parts, { clock, logger });
  handleSignals(options.process, lifecycle, {
    logger,
    onStopped: ({ startError }) => {
      if (startError !== undefined) complain(definition.name, startError.message);
      return flush(logger);
    },
  });
  try {
    await lifecycle.start();
  } catch {
    // The exit is on its way; nobody should act as if the service ran.
    return new Promise(() => undefined);
  }
  const address = formatAddress(rpc.address);
  return { address, opsUrl: ops?.url, lifecycle, observers, runtime };
}

function complain(service: string, message: string): void {
  process.stderr.write(`${service} cannot start: ${message}\n`);
}

const SERVICE_DEFAULTS = {
  host: "127.0.0.1",
  port: 9090,
  reusePort: false,
  ops: {},
  server: {},
  policies: {},
  config: undefined,
  register: undefined,
  parts: [],
};

async function completeStartServiceOptions(
  input: Partial<StartServiceOptions>,
): Promise<StartServiceOptions> {
  const packageVersion = process.env["npm_package_version"] ?? "0.0.0";
  const runtime = input.runtime ?? systemRuntime();
  return {
    ...SERVICE_DEFAULTS,
    ...input,
    runtime,
    observers: input.observers ?? createObservers(runtime),
    version: input.version ?? (await describeVersion(packageVersion, gitIn(process.cwd()))),
    process: input.process ?? process,
  };
}

/** The server with the place where it listens. */
class RpcPart implements LifecyclePart {
  readonly name: string;
  /** After the start: with the port that was given. */
  address: Address;
  private readonly server: Pick<Server<never>, "name" | "listen" | "drain" | "stop">;
  private readonly reusePort: boolean;

  constructor(server: RpcPart["server"], address: Address, reusePort: boolean) {
    this.name = server.name;
    this.server = server;
    this.address = address;
    this.reusePort = reusePort;
  }

  async start(): Promise<void> {
    this.address = await this.server.listen(this.address, { reusePort: this.reusePort });
  }

  drain(context: Parameters<Server<never>["drain"]>[0]): Promise<{ cut: number }> {
    return this.server.drain(context);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

function createOps(
  options: StartServiceOptions,
  name: string,
  observers: Observers,
  lifecycle: () => Lifecycle,
): ReturnType<typeof createOpsServer> | undefined {
  if (options.ops === false) return undefined;
  const { clock, logger } = options.runtime;
  const { state: registry, stats, records: calls } = observers;
  const sources = {
    ...{ name, version: options.version, clock, registry, stats, calls, logger },
    state: () => lifecycle().state,
    drain: (reason: string) => void lifecycle().shutdown(reason),
    ...(options.config !== undefined && { config: options.config }),
  };
  return createOpsServer(sources, { reusePort: options.reusePort, ...options.ops });
}

/** A log that writes in the background has lines left at the end. */
async function flush(logger: Logger): Promise<void> {
  await (logger as Partial<ProcessLogger>).flush?.();
}

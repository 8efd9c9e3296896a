/** One process of the proxy, put together: every part, in the order in which they start. */
import { resolve } from "node:path";
import {
  BreakerTable,
  createObservers,
  createOpsServer,
  describeVersion,
  gitIn,
  Lifecycle,
  type LifecyclePart,
  type Observers,
  type OpsServer,
  type Runtime,
  ServiceError,
  STATE_KIND,
} from "holdfast";
import { BackendConnections } from "../backend/backend-connections.ts";
import { HostChoices } from "../backend/host-choice/host-choices.ts";
import type { DemoFiles } from "../embedded/demo-files.ts";
import { openAuditFile } from "../forensic/audit/audit-file.ts";
import { type AuditLog, openAuditLog } from "../forensic/audit/audit-log.ts";
import {
  closeConnectionRoute,
  CONNECTIONS_PART,
  connectionsRoute,
} from "../forensic/connections-route.ts";
import { EventRing } from "../forensic/event-ring.ts";
import { createForensics } from "../forensic/forensics.ts";
import { forensicsRoute } from "../forensic/forensics-route.ts";
import { Admission } from "../front/admission.ts";
import { FrontDoor } from "../front/front-door.ts";
import { Penalties } from "../front/penalties.ts";
import { ProxyReception } from "../front/proxy-protocol/reception.ts";
import { RefusalLog } from "../front/refusal-log.ts";
import { ACCOUNT_KEY, type BackendPool } from "../routing/backend-pools.ts";
import type { Route } from "../routing/router.ts";
import { completeSshConnectionOptions } from "../ssh/connection/connection-options.ts";
import { OutputMemory } from "../ssh/connection/output-memory.ts";
import { createSshTransport } from "../ssh/transport/own-transport.ts";
import { SshProxy } from "../ssh-proxy.ts";
import { ProxyStats } from "../stats/proxy-stats.ts";
import type { ProcessOptions } from "./options.ts";
import { readTokenFile } from "./key-files.ts";
import { openSources, type SourceParts, type Sources } from "./sources.ts";
import type { Settings } from "./settings.ts";

export interface ProxyProcess {
  readonly lifecycle: Lifecycle;
  readonly proxy: SshProxy;
  readonly ring: EventRing;
  readonly ops: OpsServer;
  readonly demo: DemoFiles | undefined;
}

export interface ProxyProcessInput extends Pick<
  SourceParts,
  "options" | "runtime" | "secrets" | "environment"
> {
  readonly settings: Settings;
  /** See `ListenOptions`; undefined: the process binds a socket of its own. */
  readonly fileDescriptor: number | undefined;
  /** What POST /drain does; default: an orderly end of this process. */
  readonly drain?: ((reason: string) => void) | undefined;
}

const PACKAGE_VERSION = "0.1.0";
const PACKAGE_FOLDER = resolve(import.meta.dirname, "../..");
/** How the proxy calls itself at backends, which switch nothing on by it. */
const BACKEND_IDENT = "Holdfast";

/** Not started yet. Rejects with a ServiceError that says what cannot be used, and why. */
export async function openProxyProcess(input: ProxyProcessInput): Promise<ProxyProcess> {
  const { options, runtime, settings } = input;
  const observers = createObservers(runtime);
  const { clock, logger } = runtime;
  const breakers = new BreakerTable({
    ...{ clock, logger, random: runtime.random.stream("breakers") },
    ...{ registry: observers.state, stats: observers.stats },
  });
  const memory = new OutputMemory();
  const sources = await openSources({ ...input, observers, breakers, memory });
  const stats = new ProxyStats(observers.stats);
  const ring = new EventRing();
  const audit = await openAudit(options, runtime, stats);
  const door = openDoor(settings, runtime, observers);
  const hosts = new HostChoices({
    ...{ clock, logger, network: runtime.network, random: runtime.random.stream("hosts") },
    ...{ breakers, pools: sources.pools, registry: observers.state },
  });
  const backends = openBackends(input, sources, hosts, memory, observers);
  const proxy = new SshProxy({
    ...{ clock, logger, network: runtime.network, createTransport: createSshTransport },
    ...{ memory, stats },
    address: { kind: "tcp", host: options.host, port: options.port },
    ...{ fileDescriptor: input.fileDescriptor, door: door.door, hostKeys: sources.hostKeys },
    ...{ accounts: sources.accounts, router: sources.router },
    ...{ options: settings.proxy, timeLimits: settings.times, sshOptions: settings.ssh },
    forensics: createForensics({
      ...{ logger, clock, ring, stats, audit: audit?.log },
      random: runtime.random.stream("session-keys"),
    }),
    borrow: (route, account, fresh) => backends.borrow(poolOf(sources, route), account, fresh),
  });
  showState(observers, proxy, settings);
  const ops = await openOps(input, observers, proxy, ring, () => lifecycle);
  const parts: LifecyclePart[] = [
    ...[ops, ...(audit === undefined ? [] : [audit]), door, ...sources.parts, hosts],
    { name: "backend connections", stop: () => backends.close() },
    proxy,
  ];
  const { drainDelayMs } = settings.proxy;
  const lifecycle: Lifecycle = new Lifecycle(parts, { clock, logger, drainDelayMs });
  return { lifecycle, proxy, ring, ops, demo: sources.demo };
}

/** The audit file, and its end; undefined without one. */
async function openAudit(
  options: ProcessOptions,
  { clock, logger }: Runtime,
  stats: ProxyStats,
): Promise<(LifecyclePart & { readonly log: AuditLog }) | undefined> {
  if (options.audit === undefined) return undefined;
  const disk = await openAuditFile(options.audit);
  const log = await openAuditLog({ disk, clock, logger });
  stats.showAudit(log);
  return { name: "audit file", log, stop: () => log.close() };
}

function openDoor(
  { admission, penalties, proxyProtocol }: Settings,
  { clock, random, logger }: Runtime,
  { stats, state }: Observers,
): LifecyclePart & { readonly door: FrontDoor } {
  const judge = new Penalties({ clock, options: penalties, stats });
  const places = new Admission({
    ...{ clock, random: random.stream("admission"), options: admission, penalties: judge, stats },
    cores: 1,
  });
  const refusals = new RefusalLog(clock, logger);
  const isDirect = proxyProtocol.mode === "off";
  const door = new FrontDoor({
    ...{ admission: places, refusals, stats },
    reception: isDirect ? undefined : new ProxyReception({ clock, options: proxyProtocol }),
  });
  state.register({ name: "admission", kind: "admission", snapshot: () => places.snapshot() });
  state.register({ name: "penalties", kind: "penalties", snapshot: () => judge.snapshot() });
  return { name: "front door", door, stop: () => refusals.close() };
}

function openBackends(
  { runtime, settings }: ProxyProcessInput,
  { keys }: Sources,
  hosts: HostChoices,
  memory: OutputMemory,
  { state }: Observers,
): BackendConnections {
  const { clock, logger, network } = runtime;
  const backends = new BackendConnections({
    ...{ clock, logger, network, hosts, memory, createTransport: createSshTransport },
    ...{ ident: BACKEND_IDENT, options: settings.backend },
    // It opens one channel at a time there, and a busy host's keepalives are its own affair.
    sshOptions: completeSshConnectionOptions({}),
    keyFor: ({ key }, account) => (key === ACCOUNT_KEY ? keys.ofAccount(account) : keys.named(key)),
  });
  const name = "backend connections";
  state.register({ name, kind: STATE_KIND.stats, snapshot: () => backends.counts });
  return backends;
}

function poolOf({ pools }: Sources, { backend }: Route): BackendPool {
  const pool = pools.pool(backend);
  if (pool !== undefined) return pool;
  throw new ServiceError("unavailable", `there is no pool of backends ${backend}`);
}

function showState({ state }: Observers, proxy: SshProxy, settings: Settings): void {
  const rows = { name: CONNECTIONS_PART, kind: STATE_KIND.connections };
  state.register({ ...rows, snapshot: () => proxy.rows() });
  state.register({ name: proxy.name, kind: STATE_KIND.options, snapshot: () => settings });
  state.register({ name: proxy.name, kind: STATE_KIND.stats, snapshot: () => proxy.counts });
}

async function openOps(
  input: ProxyProcessInput,
  observers: Observers,
  proxy: SshProxy,
  ring: EventRing,
  lifecycle: () => Lifecycle,
): Promise<OpsServer> {
  const { options, runtime, drain } = input;
  const { clock, logger } = runtime;
  const { state: registry, stats, records: calls } = observers;
  const sources = {
    ...{ name: "ssh-proxy", clock, registry, stats, calls, logger },
    version: await describeVersion(PACKAGE_VERSION, gitIn(PACKAGE_FOLDER)),
    state: () => lifecycle().state,
    drain: drain ?? ((reason: string) => void lifecycle().shutdown(reason)),
    routes: [
      connectionsRoute(),
      closeConnectionRoute((key) => proxy.closeConnection(key)),
      forensicsRoute(ring),
    ],
  };
  const { opsHost: host, opsPort: port, opsTokenFile } = options;
  const token = opsTokenFile === undefined ? undefined : readTokenFile(opsTokenFile);
  return createOpsServer(sources, { host, port, token });
}

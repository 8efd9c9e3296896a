/**
 * A proxy, a backend and clients in a small world of one seed: the production code from the socket
 * to the session, under virtual time. The test holds the far ends: it is the client's terminal, and
 * it is the command at the backend.
 */
import {
  type Clock,
  instanceAt,
  MemoryLogger,
  type Network,
  parseAddress,
  StateRegistry,
  StaticResolver,
  StatsRegistry,
} from "holdfast";
import { createWorld, type World } from "@holdfast/sim";
import type { AccountDirectory, Identity } from "../../accounts/account-directory.ts";
import { BackendConnections } from "../../backend/backend-connections.ts";
import { type BackendOptions, completeBackendOptions } from "../../backend/backend-options.ts";
import { EventRing } from "../../forensic/event-ring.ts";
import { createForensics } from "../../forensic/forensics.ts";
import { Admission } from "../../front/admission.ts";
import { FrontDoor } from "../../front/front-door.ts";
import { completeAdmissionOptions, completePenaltyOptions } from "../../front/front-options.ts";
import { Penalties } from "../../front/penalties.ts";
import { RefusalLog } from "../../front/refusal-log.ts";
import { completeTimeLimits, type TimeLimits } from "../../front/time-limits.ts";
import { completeProxyOptions, type ProxyOptions } from "../../proxy-options.ts";
import type { BackendPool } from "../../routing/backend-pools.ts";
import type { Router } from "../../routing/router.ts";
import { noSuchRepository } from "../../routing/refused-route.ts";
import { loginSsh } from "../../ssh/connection/client-connection.ts";
import {
  completeSshConnectionOptions,
  type SshConnectionOptions,
} from "../../ssh/connection/connection-options.ts";
import { OutputMemory } from "../../ssh/connection/output-memory.ts";
import type { SshClientConnection } from "../../ssh/connection/ssh-connection.ts";
import { generatePrivateKey } from "../../ssh/keys/generate-private-key.ts";
import type { PrivateKey } from "../../ssh/keys/private-key.ts";
import { createSshTransport } from "../../ssh/transport/own-transport.ts";
import { SshProxy } from "../../ssh-proxy.ts";
import { ProxyStats } from "../../stats/proxy-stats.ts";
import { ScriptedBackend } from "./scripted-backend.ts";
import { TerminalSession } from "./terminal-session.ts";

const KEYS = {
  host: generatePrivateKey("ssh-ed25519").privateKey,
  backend: generatePrivateKey("ssh-ed25519").privateKey,
  proxy: generatePrivateKey("ssh-ed25519").privateKey,
  user: generatePrivateKey("ssh-ed25519").privateKey,
};

export interface ProxyWorldInput {
  readonly seed?: number;
  readonly proxy?: Partial<ProxyOptions>;
  readonly times?: Partial<TimeLimits>;
  readonly ssh?: Partial<SshConnectionOptions>;
  readonly backend?: Partial<BackendOptions>;
  readonly accounts?: AccountDirectory;
  /** What the pool takes for the backend's key; default: its own. */
  readonly pinned?: readonly string[];
}

export const USER: Identity = {
  account: "aviato",
  name: "erlich",
  publicKeyName: "BuildServer",
  fingerprint: KEYS.user.publicKey.fingerprint,
};
export const USER_KEY: PrivateKey = KEYS.user;

const PROXY = parseAddress("proxy:22")!;
const BACKEND = parseAddress("backend:22")!;

/** One world; `finish` and `run` of `world` move its time. */
export class ProxyWorld {
  readonly world: World;
  readonly proxy: SshProxy;
  readonly backend: ScriptedBackend;
  readonly backends: BackendConnections;
  readonly logger = new MemoryLogger();
  readonly stats: ProxyStats;
  readonly ring = new EventRing();
  readonly registry = new StateRegistry();
  private readonly clock: Clock;

  private constructor(input: ProxyWorldInput) {
    const world = createWorld(input.seed ?? 1, { latencyMs: 5 });
    this.world = world;
    const { clock, random } = world;
    this.clock = clock;
    const { logger, ring } = this;
    const memory = new OutputMemory();
    const metrics = new StatsRegistry();
    this.stats = new ProxyStats(metrics);
    this.backend = new ScriptedBackend({
      ...{ clock, network: world.network.host("backend"), address: BACKEND },
      ...{ hostKey: KEYS.backend, clientKey: KEYS.proxy.publicKey },
    });
    const network = world.network.host("proxy");
    const pool = this.pool(input.pinned ?? [KEYS.backend.publicKey.fingerprint]);
    this.backends = new BackendConnections({
      ...{ clock, network, logger, memory, createTransport: createSshTransport },
      ident: "Holdfast",
      options: completeBackendOptions(input.backend),
      sshOptions: completeSshConnectionOptions(),
      keyFor: () => Promise.resolve(KEYS.proxy),
      hosts: { pick: (_pool, leaveOut) => (leaveOut.size > 0 ? undefined : HOST) },
    });
    const penalties = new Penalties({
      ...{ clock, stats: metrics, options: completePenaltyOptions({ mode: "off" }) },
    });
    const admission = new Admission({
      ...{ clock, random: random.stream("admission"), stats: metrics, penalties, cores: 1 },
      options: completeAdmissionOptions({}),
    });
    const refusals = new RefusalLog(clock, logger);
    this.proxy = new SshProxy({
      ...{ clock, logger, network, memory, createTransport: createSshTransport, address: PROXY },
      ...{ hostKeys: [KEYS.host], fileDescriptor: undefined, stats: this.stats },
      options: completeProxyOptions(input.proxy),
      timeLimits: completeTimeLimits(input.times ?? {}),
      sshOptions: completeSshConnectionOptions(input.ssh),
      door: new FrontDoor({ admission, refusals, stats: metrics, reception: undefined }),
      accounts: input.accounts ?? ACCOUNTS,
      router: ROUTER,
      borrow: (_route, account, fresh) => this.backends.borrow(pool, account, fresh),
      forensics: createForensics({
        ...{ logger, clock, random: random.stream("keys"), ring, stats: this.stats },
      }),
    });
  }

  static async start(input: ProxyWorldInput = {}): Promise<ProxyWorld> {
    const started = new ProxyWorld(input);
    await started.world.finish(started.backend.start(), 1_000);
    await started.world.finish(started.proxy.start(), 1_000);
    return started;
  }

  /** The client's machine. */
  get client(): Network {
    return this.world.network.host("client");
  }

  /** A client that has logged in; rejects with why not. */
  async login(keys: readonly PrivateKey[] = [KEYS.user]): Promise<SshClientConnection> {
    return this.world.finish(this.connect(keys), 60_000);
  }

  async connect(keys: readonly PrivateKey[] = [KEYS.user]): Promise<SshClientConnection> {
    const socket = await this.client.connect(PROXY, { timeoutMs: 1_000 });
    return loginSsh({
      ...{ socket, keys, clock: this.clock, user: "git", createTransport: createSshTransport },
      memory: new OutputMemory(),
      ident: "Test",
      acceptHostKey: ({ fingerprint }) => fingerprint === KEYS.host.publicKey.fingerprint,
      options: completeSshConnectionOptions(),
    }).connection;
  }

  /** A session of that client, on which nothing was asked yet. */
  openSession(connection: SshClientConnection, grantBytes = 1_000_000): Promise<TerminalSession> {
    return this.world.finish(TerminalSession.open(connection, grantBytes), 10_000);
  }

  /** A client with one command at the backend; the command is the last of `backend.commands`. */
  async exec(command = "git-upload-pack 'team/project.git'"): Promise<TerminalSession> {
    const connection = await this.login();
    const session = await this.openSession(connection);
    await this.world.finish(session.exec(command), 10_000);
    await this.world.run(200);
    return session;
  }

  /** The events of the log, by name. */
  events(): string[] {
    return this.ring.last(1_000).map(({ event }) => event);
  }

  private pool(hostKeys: readonly string[]): BackendPool {
    const resolver = new StaticResolver(this.clock, { main: [instanceAt(BACKEND)] });
    return { name: "main", resolver, user: "git", hostKeys, key: "proxy" };
  }
}

const HOST = { address: BACKEND, dialled: () => undefined, released: () => undefined };

const ACCOUNTS: AccountDirectory = {
  find: (_context, _user, { fingerprint }) =>
    Promise.resolve(fingerprint === USER.fingerprint ? USER : undefined),
};

const ROUTER: Router = {
  route: (_context, { repository }) =>
    repository === "team/project.git"
      ? Promise.resolve({ backend: "main", path: "/srv/project.git" })
      : Promise.reject(noSuchRepository()),
};

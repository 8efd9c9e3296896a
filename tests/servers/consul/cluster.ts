/**
 * A real Consul cluster on the loopback for a test: three servers that elect a leader, each of
 * which can be killed, started again and frozen. See the README here.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePorts } from "../free-ports.ts";
import { consulProgram } from "./build.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { ConsulServer } from "./server.ts";

export interface StartConsulCluster {
  /** How many servers, 1 or more, default 3. */
  readonly servers?: number;
  /** Whether every request needs a token, default false. */
  readonly acl?: boolean;
  /** Whether there is HTTPS too, which asks clients for a certificate, default false. */
  readonly tls?: boolean;
}

/** An election takes about a second; a loaded machine may take many. */
const PATIENCE_MS = 60_000;
const POLL_MS = 50;
/** Anything of the form of a UUID. */
const MANAGEMENT_TOKEN = "00000000-0000-4000-8000-00000000aaaa";
const PORTS_PER_SERVER = 4;
const STARTS_MAX = 3;

/** Resolves when there is a leader and all see all; dispose of it in the end. */
export async function startConsulCluster(options: StartConsulCluster = {}): Promise<ConsulCluster> {
  const program = consulProgram();
  for (let start = 1; ; start++) {
    const cluster = await ConsulCluster.plan(program, options);
    try {
      await cluster.start();
      await cluster.settled();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      // Somebody else may have taken one of the ports meanwhile.
      if (start === STARTS_MAX || !/in use/.test(String(error))) throw error;
    }
  }
}

export class ConsulCluster implements AsyncDisposable {
  readonly servers: readonly ConsulServer[];
  /** The token that may do everything; `""` without ACLs. */
  readonly managementToken: string;
  /** What a client needs over HTTPS; undefined without it. */
  readonly clientTls: Certificates["client"] | undefined;
  private readonly folder: string;

  private constructor(
    folder: string,
    servers: readonly ConsulServer[],
    managementToken: string,
    certificates: Certificates | undefined,
  ) {
    this.folder = folder;
    this.clientTls = certificates?.client;
    this.servers = servers;
    this.managementToken = managementToken;
  }

  static async plan(
    program: string,
    { servers: count = 3, acl = false, tls = false }: StartConsulCluster,
  ): Promise<ConsulCluster> {
    const ports = await findFreePorts(count * PORTS_PER_SERVER);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-consul-"));
    const certificates = tls ? makeCertificates(folder) : undefined;
    const managementToken = acl ? MANAGEMENT_TOKEN : "";
    const plans = Array.from({ length: count }, (_, index) => {
      const [http = 0, https = 0, serf = 0, rpc = 0] = ports.slice(index * PORTS_PER_SERVER);
      return { name: `consul-${index + 1}`, ports: { http, https, serf, rpc } };
    });
    const others = plans.map((each) => `127.0.0.1:${each.ports.serf}`);
    const servers = plans.map(
      (each) =>
        new ConsulServer({
          ...each,
          folder: join(folder, each.name),
          program,
          join: others,
          managementToken,
          tls: certificates?.files,
        }),
    );
    return new ConsulCluster(folder, servers, managementToken, certificates);
  }

  /** Of the HTTP APIs, `host:port`, in the order of `servers`. */
  get addresses(): string[] {
    return this.servers.map(({ address }) => address);
  }

  /** Starts those that do not run. */
  async start(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start()));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
  }

  freezeAll(): void {
    for (const server of this.servers) server.freeze();
  }

  thawAll(): void {
    for (const server of this.servers) server.thaw();
  }

  /** Resolves when every running server knows a leader and vouches for all that run. */
  async settled(): Promise<void> {
    const running = this.servers.filter(({ isRunning }) => isRunning);
    await this.until("a leader and healthy servers", async () => {
      const seen = await Promise.all(running.map(passingServersOf));
      return seen.every((names) => names.length === running.length);
    });
  }

  async leader(): Promise<ConsulServer> {
    let leader: ConsulServer | undefined;
    await this.until("a leader", async () => {
      for (const server of this.servers.filter(({ isRunning }) => isRunning)) {
        leader ??= (await isLeader(server)) ? server : undefined;
      }
      return leader !== undefined;
    });
    return leader!;
  }

  /** A new token that may do what `rules` say, in Consul's own language. */
  async createToken(
    rules: string,
  ): Promise<{ readonly accessorId: string; readonly token: string }> {
    const [server] = this.servers;
    const policy = { Name: `test-${Math.random().toString(36).slice(2)}`, Rules: rules };
    await server!.api("PUT", "/v1/acl/policy", policy);
    const body = { Policies: [{ Name: policy.Name }] };
    const made = (await server!.api("PUT", "/v1/acl/token", body)) as Record<string, string>;
    return { accessorId: made["AccessorID"]!, token: made["SecretID"]! };
  }

  async revokeToken(accessorId: string): Promise<void> {
    await this.servers[0]!.api("DELETE", `/v1/acl/token/${accessorId}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const giveUpMs = performance.now() + PATIENCE_MS;
    for (;;) {
      if (await isSo().catch(() => false)) return;
      const dead = this.servers.find((server) => !server.isRunning && wasStarted(server));
      if (performance.now() > giveUpMs || (dead !== undefined && /in use/.test(dead.lastWords()))) {
        const words = this.servers.map((server) => `${server.name}:\n${server.lastWords()}`);
        throw new Error(`no ${what} in time\n${words.join("\n")}`);
      }
      await sleep(POLL_MS);
    }
  }
}

function wasStarted(server: ConsulServer): boolean {
  return server.lastWords() !== "it was never started";
}

async function passingServersOf(server: ConsulServer): Promise<string[]> {
  return (await server.healthOf("consul")).map(({ Node }) => Node.Node);
}

async function isLeader(server: ConsulServer): Promise<boolean> {
  const self = (await server.api("GET", "/v1/agent/self").catch(() => undefined)) as
    { readonly Stats: { readonly consul: { readonly leader: string } } } | undefined;
  return self?.Stats.consul.leader === "true";
}

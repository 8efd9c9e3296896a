/** One Consul server of a cluster: its configuration, its process, and its HTTP API. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "./certificates.ts";
import { KeptProcess } from "../kept-process.ts";

export interface ConsulServerPlan {
  /** Its name in Consul, such as `consul-1`. */
  readonly name: string;
  /** A folder of its own: configuration, data, log. */
  readonly folder: string;
  readonly program: string;
  readonly ports: {
    readonly http: number;
    readonly https: number;
    readonly serf: number;
    readonly rpc: number;
  };
  /** Files for HTTPS beside HTTP, where clients must show a certificate; undefined for none. */
  readonly tls: Certificates["files"] | undefined;
  /** The serf addresses of all of them. */
  readonly join: readonly string[];
  /** Turns ACLs on: the token that may do everything. */
  readonly managementToken: string;
}

/** What tests look at of an entry of Consul's list. */
export interface ConsulHealth {
  readonly Node: { readonly Node: string };
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[];
    readonly Meta: Readonly<Record<string, string>>;
    readonly Weights: { readonly Passing: number; readonly Warning: number };
  };
}

export class ConsulServer {
  readonly name: string;
  /** Of its HTTP API, `host:port`. */
  readonly address: string;
  /** Of the same over HTTPS, where the cluster was started with it. */
  readonly tlsAddress: string;
  private readonly plan: ConsulServerPlan;
  private process: KeptProcess | undefined = undefined;

  constructor(plan: ConsulServerPlan) {
    this.plan = plan;
    this.name = plan.name;
    this.address = `127.0.0.1:${plan.ports.http}`;
    this.tlsAddress = `127.0.0.1:${plan.ports.https}`;
    mkdirSync(plan.folder, { recursive: true });
    writeFileSync(join(plan.folder, "config.json"), JSON.stringify(configurationOf(plan)));
  }

  get isRunning(): boolean {
    return this.process?.isRunning ?? false;
  }

  /** Starts it, with what it knew when it was killed. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const { name, folder, program } = this.plan;
    this.process = await KeptProcess.start({
      name,
      command: [program, "agent", "-config-file", join(folder, "config.json")],
      logFile: join(folder, "log"),
    });
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  freeze(): void {
    this.process?.freeze();
  }

  thaw(): void {
    this.process?.thaw();
  }

  lastWords(): string {
    return this.process?.lastWords() ?? "it was never started";
  }

  /** A request to its API with all rights; the reply's JSON. Throws for anything but a success. */
  async api(method: "DELETE" | "GET" | "PUT", path: string, body?: object): Promise<unknown> {
    const reply = await fetch(`http://${this.address}${path}`, {
      method,
      headers: { "x-consul-token": this.plan.managementToken, connection: "close" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  /** Those whose checks pass, as this server lists them. */
  async healthOf(service: string): Promise<readonly ConsulHealth[]> {
    return (await this.api("GET", `/v1/health/service/${service}?passing`)) as ConsulHealth[];
  }
}

function configurationOf(plan: ConsulServerPlan) {
  const { name, folder, ports, join: others, managementToken, tls } = plan;
  return {
    node_name: name,
    server: true,
    bootstrap_expect: others.length,
    data_dir: join(folder, "data"),
    bind_addr: "127.0.0.1",
    advertise_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    ports: {
      http: ports.http,
      https: tls === undefined ? -1 : ports.https,
      serf_lan: ports.serf,
      server: ports.rpc,
      ...{ dns: -1, grpc: -1, grpc_tls: -1, serf_wan: -1 },
    },
    retry_join: others,
    retry_interval: "250ms",
    // Votes and suspicions as fast as they go: tests wait for them.
    performance: { raft_multiplier: 1, rpc_hold_timeout: "2s" },
    gossip_lan: { probe_interval: "200ms", probe_timeout: "100ms", suspicion_mult: 2 },
    // One that was killed comes back under its name.
    autopilot: { cleanup_dead_servers: false },
    connect: { enabled: false },
    peering: { enabled: false },
    disable_update_check: true,
    log_level: "warn",
    ...(managementToken === "" ? {} : aclConfiguration(managementToken)),
    ...(tls === undefined ? {} : tlsConfiguration(tls)),
  };
}

function aclConfiguration(managementToken: string) {
  return {
    acl: {
      enabled: true,
      default_policy: "deny",
      tokens: { initial_management: managementToken, agent: managementToken },
    },
  };
}

function tlsConfiguration({ ca, cert, key }: Certificates["files"]) {
  const files = { ca_file: ca, cert_file: cert, key_file: key };
  return { tls: { https: { ...files, verify_incoming: true } } };
}

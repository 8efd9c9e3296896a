/** A cluster of real etcd members on loopback, each a process with a folder of its own. */
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { makeCertificates, readCertificates, type TestCertificates } from "./make-certificates.ts";
import { findFreePorts } from "../free-ports.ts";
import { KeptProcess } from "../kept-process.ts";

/** Where tools/setup.sh puts it. */
const CACHED = join(import.meta.dirname, "..", "..", "..", ".cache", "bin", "etcd");
const START_TIMEOUT_MS = 30_000;

/** False when it is there; otherwise why the tests are left out, which CI does not take. */
export function skipEtcd(): string | false {
  if (findEtcd() !== undefined) return false;
  const said = "etcd is not installed: run sh tools/setup.sh, or put etcd 3.4 or later into PATH";
  if (process.env["CI"] === "true") throw new Error(said);
  console.error(said);
  return said;
}

export interface EtcdClusterOptions {
  /** Default 3. */
  readonly size?: number;
  /** Clients must come with TLS, and with a certificate of the cluster's authority. */
  readonly tls?: boolean;
}

export interface EtcdCluster extends AsyncDisposable {
  readonly members: readonly EtcdMember[];
  /** `host:port` of all members. */
  readonly endpoints: readonly string[];
  /** With `tls`: what clients need. */
  readonly certificates: TestCertificates | undefined;
  /** Not with `tls`. A request of the gateway to the first member that answers; its reply. */
  request(path: string, body: object, token?: string): Promise<Record<string, unknown>>;
  /** The member that leads; waits until there is one. */
  leader(): Promise<EtcdMember>;
}

export interface EtcdMember {
  readonly name: string;
  /** Where it takes clients, `host:port`. */
  readonly endpoint: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again with the data it had; resolves when it runs, not yet when it is healthy. */
  start(): Promise<void>;
  /** SIGSTOP: it keeps its connections and says nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
}

/** Resolves when every member is healthy. `await using` ends it, with all that it wrote. */
export async function startEtcdCluster(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const { size = 3, tls = false } = options;
  const program = findEtcd();
  if (program === undefined) throw new Error("etcd is not installed");
  const folder = mkdtempSync(join(tmpdir(), "holdfast-etcd-"));
  const certificates = tls ? makeCertificates(folder) : undefined;
  const scheme = tls ? "https" : "http";
  const ports = await findFreePorts(size * 2);
  const places = Array.from({ length: size }, (_, index) => ({
    name: `etcd${index}`,
    client: `127.0.0.1:${ports[index * 2]!}`,
    peer: `http://127.0.0.1:${ports[index * 2 + 1]!}`,
  }));
  const initial = places.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const members = places.map(({ name, client, peer }) => {
    const args = [
      ...["--name", name, "--data-dir", join(folder, name)],
      ...["--listen-client-urls", `${scheme}://${client}`],
      ...["--advertise-client-urls", `${scheme}://${client}`],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", initial, "--initial-cluster-token", folder],
      ...["--logger", "zap", "--log-level", "warn"],
      ...tlsArguments(certificates),
    ];
    return new Member(name, client, [program, ...args], join(folder, `${name}.log`));
  });
  const cluster = new Cluster(members, folder, certificates);
  try {
    await Promise.all(members.map((member) => member.start()));
    await Promise.all(members.map(({ endpoint }) => ready(endpoint, certificates)));
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

function findEtcd(): string | undefined {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((place) => join(place, "etcd"));
  return [CACHED, ...places].find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

class Cluster implements EtcdCluster {
  readonly members: readonly Member[];
  readonly certificates: TestCertificates | undefined;
  private readonly folder: string;

  constructor(
    members: readonly Member[],
    folder: string,
    certificates: TestCertificates | undefined,
  ) {
    this.members = members;
    this.folder = folder;
    this.certificates = certificates;
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  async request(path: string, body: object, token?: string): Promise<Record<string, unknown>> {
    let last: unknown = undefined;
    for (const { endpoint, running } of this.members) {
      if (!running) continue;
      try {
        return await post(endpoint, path, body, token);
      } catch (error) {
        last = error;
        if (error instanceof Refused) throw error;
      }
    }
    throw last instanceof Error ? last : new Error("no member runs");
  }

  async leader(): Promise<EtcdMember> {
    const found = await until("no member leads", async () => {
      for (const member of this.members) {
        if (!member.running) continue;
        const status = await post(member.endpoint, "/v3/maintenance/status", {}).catch(() => ({}));
        const { leader, header } = status as { leader?: string; header?: { member_id: string } };
        if (leader !== undefined && leader === header?.member_id) return member;
      }
      return undefined;
    });
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

class Member implements EtcdMember {
  readonly name: string;
  readonly endpoint: string;
  private readonly command: readonly [string, ...string[]];
  private readonly logFile: string;
  private process: KeptProcess | undefined = undefined;
  private frozen = false;

  constructor(
    name: string,
    endpoint: string,
    command: readonly [string, ...string[]],
    logFile: string,
  ) {
    this.name = name;
    this.endpoint = endpoint;
    this.command = command;
    this.logFile = logFile;
  }

  /** Whether it can answer. */
  get running(): boolean {
    return this.process !== undefined && !this.frozen;
  }

  async start(): Promise<void> {
    const { name, command, logFile } = this;
    this.process = await KeptProcess.start({ name, command, logFile });
    this.frozen = false;
  }

  async kill(): Promise<void> {
    const running = this.process;
    this.process = undefined;
    await running?.kill();
  }

  freeze(): void {
    this.frozen = true;
    this.process?.freeze();
  }

  thaw(): void {
    this.process?.thaw();
    this.frozen = false;
  }
}

/** etcd's own no, which another member would say as well. */
class Refused extends Error {}

async function post(
  endpoint: string,
  path: string,
  body: object,
  token?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${endpoint}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: token === undefined ? {} : { authorization: token },
    signal: AbortSignal.timeout(5_000),
  });
  const said = await response.text();
  if (response.status >= 400 && response.status < 500) throw new Refused(`${path}: ${said}`);
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${said}`);
  return JSON.parse(said) as Record<string, unknown>;
}

function tlsArguments(certificates: TestCertificates | undefined): string[] {
  if (certificates === undefined) return [];
  const { ca, cert, key } = certificates;
  const own = ["--cert-file", cert, "--key-file", key];
  return [...own, "--client-cert-auth", "--trusted-ca-file", ca];
}

/** It has a leader, and answers clients. */
async function ready(endpoint: string, certificates: TestCertificates | undefined): Promise<void> {
  const [host = "", port = ""] = endpoint.split(":");
  const tls = certificates === undefined ? undefined : readCertificates(certificates);
  await until(`${endpoint} is not healthy`, async () => {
    const said = await get({ host, port, path: "/health", timeout: 2_000, agent: false }, tls);
    return said.includes('"health":"true"') ? true : undefined;
  });
}

/** The body, or "" when there is none yet. */
function get(target: http.RequestOptions, tls: https.RequestOptions | undefined): Promise<string> {
  return new Promise((resolve) => {
    const request = tls === undefined ? http.get(target) : https.get({ ...target, ...tls });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(""));
    request.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve(body));
      response.on("error", () => resolve(""));
    });
  });
}

/** Asks a server that gives no word of it again and again, with pauses. */
async function until<Found>(
  complaint: string,
  ask: () => Promise<Found | undefined>,
): Promise<Found> {
  const giveUpMs = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < giveUpMs) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${complaint} after ${START_TIMEOUT_MS} ms`);
}

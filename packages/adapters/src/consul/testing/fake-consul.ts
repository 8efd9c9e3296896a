/**
 * A Consul of one agent for tests: services with a TTL check, health with blocking questions, over
 * real HTTP on the loopback; and what can go wrong with it.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** As it was registered, in Consul's own words. */
interface Registered {
  readonly ID: string;
  readonly Name: string;
  readonly [field: string]: unknown;
}

type Reply = readonly [status: number, body: unknown];

export class FakeConsul implements AsyncDisposable {
  readonly services = new Map<string, Registered>();
  /** `METHOD /path?query` of every request, in order. */
  readonly requests: string[] = [];
  /** What every request is answered with instead, while it is there. */
  outage: Reply | undefined = undefined;
  private readonly server: Server;
  private readonly waiting = new Set<() => void>();
  private index = 10;

  private constructor() {
    this.server = createServer((request, reply) => void this.serve(request, reply));
  }

  static async start(): Promise<FakeConsul> {
    const consul = new FakeConsul();
    await once(consul.server.listen(0, "127.0.0.1"), "listening");
    return consul;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Something happened: questions that wait are answered. */
  changed(): void {
    this.index++;
    for (const answer of this.waiting) answer();
  }

  setOutage(outage: Reply | undefined): void {
    this.outage = outage;
    this.changed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.changed();
    this.server.closeAllConnections();
    await once(this.server.close(), "close");
  }

  private async serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://consul");
    this.requests.push(`${request.method} ${request.url}`);
    const wanted = Number(url.searchParams.get("index") ?? 0);
    if (wanted >= this.index) await this.change();
    const body = Buffer.concat(chunks).toString("utf8");
    const [status, said] = this.outage ?? this.answer(url.pathname, body);
    reply.writeHead(status, {
      "x-consul-index": String(this.index),
      "x-consul-knownleader": "true",
      connection: "close",
    });
    reply.end(typeof said === "string" ? said : JSON.stringify(said));
  }

  private answer(path: string, body: string): Reply {
    const last = decodeURIComponent(path.split("/").at(-1)!);
    if (path.startsWith("/v1/health/service/")) return [200, this.healthOf(last)];
    if (path === "/v1/agent/service/register") {
      const service = JSON.parse(body) as Registered;
      this.services.set(service.ID, service);
      this.changed();
      return [200, ""];
    }
    const known = this.services.has(last.replace(/^service:/, ""));
    if (!known) return [404, `Unknown check or service ID "${last}"`];
    if (path.startsWith("/v1/agent/service/deregister/")) {
      this.services.delete(last);
      this.changed();
    }
    return [200, ""];
  }

  private healthOf(name: string): object[] {
    return [...this.services.values()]
      .filter(({ Name }) => Name === name)
      .map((service) => ({
        Node: { Node: "fake", Address: "127.0.0.1" },
        Service: { ...service, Service: service.Name },
        Checks: [{ Status: (service["Check"] as { Status?: string } | undefined)?.Status }],
      }));
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      const answer = (): void => {
        this.waiting.delete(answer);
        resolve();
      };
      this.waiting.add(answer);
    });
  }
}

/** An ops port over registries that the test holds, and how to ask it things. */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after } from "node:test";
import {
  CallRecords,
  type Context,
  createContext,
  type LifecycleState,
  ManualClock,
  MemoryLogger,
  StateRegistry,
  StatsRegistry,
} from "@holdfast/core";
import type { OpsOptions } from "../ops-options.ts";
import { createOpsServer, type OpsServer } from "../ops-server.ts";
import type { OpsSources } from "../ops-view.ts";

export const START_EPOCH_MS = Date.UTC(2026, 0, 1);

export class Fixture {
  readonly clock = new ManualClock(START_EPOCH_MS);
  readonly registry = new StateRegistry();
  readonly stats = new StatsRegistry();
  readonly logger = new MemoryLogger();
  readonly calls = new CallRecords({ clock: this.clock, capacity: 64 });
  readonly drains: string[] = [];
  state: LifecycleState = { kind: "ready" };
  readonly server: OpsServer;

  constructor(options: Partial<OpsOptions> = {}, sources: Partial<OpsSources> = {}) {
    const { clock, registry, stats, calls, logger } = this;
    this.server = createOpsServer(
      {
        name: "feed-history",
        version: "0.1.7-0123456789-20260101.000000",
        clock,
        registry,
        stats,
        calls,
        logger,
        state: () => this.state,
        drain: (reason) => {
          this.drains.push(reason);
          this.state = { kind: "draining", reason };
        },
        ...sources,
      },
      { port: 0, ...options },
    );
  }

  context(): Context {
    return createContext({ clock: this.clock });
  }
}

/** One that answers until the end of the test. */
export async function started(
  options: Partial<OpsOptions> = {},
  sources: Partial<OpsSources> = {},
): Promise<Fixture> {
  const fixture = new Fixture(options, sources);
  await fixture.server.start(fixture.context());
  after(() => fixture.server.stop(fixture.context()));
  return fixture;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** As `fetch`, but sends the Host and Origin it is told to. */
export function ask(
  { server }: Fixture,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  // In parts: a URL would be tidied up on the way.
  const target = { host: hostname, port, path, method, headers, agent: false };
  return new Promise((resolve, reject) => {
    const request = httpRequest(target, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body += text));
      response.on("end", () => {
        resolve({ status: response.statusCode!, headers: response.headers, body });
      });
    });
    request.on("error", reject);
    request.end();
  });
}

export const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/** Sends exactly this, and reads until the other side closes. */
export function askRaw(
  { server }: Fixture,
  line: string,
  headers: Record<string, string>,
  body = "",
): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      const all = { host: "localhost", ...headers };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${line}\r\n${lines.join("")}\r\n${body}`);
    });
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

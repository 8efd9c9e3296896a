/**
 * One Consul agent, spoken with over its HTTP API: header, time limit, and what a reply means.
 * `ConsulAgents` is all that an adapter was told of, and which of them is used.
 */
import { type Context, ServiceError } from "@holdfast/core";
import type { HttpReply, HttpRequest, HttpTransport } from "../http/http-transport.ts";
import { checkToken, type ConsulConnectionOptions } from "./connection-options.ts";
import { consulError, consulTimedOut } from "./error.ts";

export interface ConsulRequest {
  readonly method: HttpRequest["method"];
  /** Without its query; its parts are encoded. */
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly body?: object;
  /** Default: the options' `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

export type OpenTransport = (address: string) => HttpTransport;

export class ConsulAgent {
  /** Such as `http://127.0.0.1:8500`. */
  readonly name: string;
  private readonly transport: HttpTransport;
  private readonly options: ConsulConnectionOptions;

  constructor(transport: HttpTransport, options: ConsulConnectionOptions) {
    this.name = transport.name;
    this.transport = transport;
    this.options = options;
  }

  /** The reply of a request that succeeded; anything else is a ServiceError that says why. */
  async send(context: Context, request: ConsulRequest): Promise<HttpReply> {
    const timeoutMs = request.timeoutMs ?? this.options.requestTimeoutMs;
    let reply: HttpReply;
    try {
      reply = await this.transport.request(context.withTimeout(timeoutMs), this.encode(request));
    } catch (thrown) {
      if (context.cancelled !== undefined) throw context.cancelled;
      const error = ServiceError.from(thrown);
      throw error.code === "deadline-exceeded" ? consulTimedOut(this.name, timeoutMs) : error;
    }
    if (reply.status < 200 || reply.status > 299) {
      throw consulError(this.name, reply.status, reply.body);
    }
    return reply;
  }

  close(): void {
    this.transport.close();
  }

  private encode({ method, path, query = [], body }: ConsulRequest): HttpRequest {
    const search = query.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    const { token: given, replyMaxBytes } = this.options;
    const token = typeof given === "string" ? given : given();
    checkToken(token);
    return {
      method,
      path: search === "" ? path : `${path}?${search}`,
      headers: {
        ...(token === "" ? {} : { "x-consul-token": token }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      replyMaxBytes,
    };
  }
}

export class ConsulAgents {
  readonly all: readonly ConsulAgent[];
  /** For an operator: `127.0.0.1:8500`, or several with commas. */
  readonly addresses: string;
  private index = 0;

  constructor(options: ConsulConnectionOptions, openTransport: OpenTransport) {
    this.all = options.addresses.map((address) => new ConsulAgent(openTransport(address), options));
    this.addresses = options.addresses.join(",");
  }

  get current(): ConsulAgent {
    return this.all[this.index]!;
  }

  /**
   * The next agent is used from now on, if what failed is the agent and not the request. Those who
   * saw the same one fail at the same time move on once.
   */
  failed(agent: ConsulAgent, error: ServiceError): void {
    if (agent !== this.current || error.code === "invalid" || error.code === "not-found") return;
    this.index = (this.index + 1) % this.all.length;
  }

  close(): void {
    for (const agent of this.all) agent.close();
  }
}

/**
 * The ops port: an HTTP server that shows one process as it is. It takes no part in the calls of
 * the service, and a request to it can neither hold nor break the process.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createDoor, type Server as Door } from "node:net";
import {
  type Context,
  formatAddress,
  type LifecyclePart,
  type Logger,
  ServiceError,
  silentLogger,
  STATE_KIND,
} from "@holdfast/core";
import { guard } from "./http/guard.ts";
import { type OpsReply, textReply } from "./http/reply.ts";
import { registerProcessStats } from "./metrics/process-stats.ts";
import { completeOpsOptions, type OpsOptions, showOpsOptions } from "./ops-options.ts";
import type { OpsSources, OpsView } from "./ops-view.ts";
import { findRoute, withRoutes } from "./route-table.ts";
import { ROUTES } from "./routes.ts";

/** A part for the top of a lifecycle: it shows a start that hangs and a drain to its end. */
export interface OpsServer extends LifecyclePart {
  start(context: Context): Promise<void>;
  stop(context: Context): Promise<void>;
  /** Such as `http://127.0.0.1:6060`; with the port that was given. Throws before the start. */
  readonly url: string;
  /**
   * Answers on a second socket, too: a bound one with this descriptor that the process was started
   * with, such as a fixed port that is handed on from version to version. The returned function
   * stops listening there; what was accepted is still answered. Connections by this door are for
   * one request each, so that nobody stays with a version that is on its way out. Rejects with a
   * ServiceError `unavailable`.
   */
  answerOn(fileDescriptor: number): Promise<() => void>;
}

/** Requests have no body; what little there is, is not read. */
const BODY_MAX_BYTES = 1_024;

const HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** Throws a ServiceError `invalid` when the options, or a route of the service's, are wrong. */
export function createOpsServer(sources: OpsSources, options: Partial<OpsOptions> = {}): OpsServer {
  return new HttpOpsServer(sources, completeOpsOptions(options));
}

class HttpOpsServer implements OpsServer {
  readonly name = "ops port";
  private readonly options: OpsOptions;
  private readonly view: OpsView;
  private readonly server: Server;
  private readonly logger: Logger;
  private unregister: () => void = () => undefined;
  /** Replies that are on their way out, and who waits for the last of them. */
  private replying = 0;
  private onReplied: () => void = () => undefined;
  private readonly doors = new Set<Door>();
  /** Connections that came by one of the doors. */
  private readonly guests = new WeakSet<object>();

  constructor(sources: OpsSources, options: OpsOptions) {
    this.options = options;
    this.logger = sources.logger ?? silentLogger;
    const startEpochMs = sources.startEpochMs ?? sources.clock.epochMs();
    this.view = { sources, startEpochMs, routes: withRoutes(ROUTES, sources.routes) };
    const { requestTimeoutMs } = options;
    this.server = createServer({
      maxHeaderSize: options.headerMaxBytes,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, 1_000),
      keepAliveTimeout: requestTimeoutMs,
    });
    this.server.maxConnections = options.connectionsMax;
    // A peer that does not take its reply.
    this.server.setTimeout(requestTimeoutMs);
    this.server.on("request", (request, response) => this.onRequest(request, response));
    this.server.on("clientError", (_error, socket) => socket.destroy());
  }

  get url(): string {
    const address = this.server.address() as AddressInfo | null;
    if (address === null) throw new ServiceError("invalid", "the ops port is not open");
    return `http://${formatAddress({ kind: "tcp", host: address.address, port: address.port })}`;
  }

  async start(): Promise<void> {
    await this.listen();
    const { sources, startEpochMs } = this.view;
    registerProcessStats({ stats: sources.stats, version: sources.version, startEpochMs });
    this.unregister = sources.registry.register({
      name: this.name,
      kind: STATE_KIND.options,
      snapshot: () => showOpsOptions(this.options),
    });
  }

  answerOn(fileDescriptor: number): Promise<() => void> {
    const door = createDoor({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.guests.add(socket);
      this.server.emit("connection", socket);
    });
    door.maxConnections = this.options.connectionsMax;
    const close = (): void => {
      if (this.doors.delete(door)) door.close();
    };
    return new Promise((resolve, reject) => {
      door.once("error", (cause) => {
        const message = `cannot answer on descriptor ${fileDescriptor}: ${cause.message}`;
        reject(new ServiceError("unavailable", message, { cause, workStarted: "no" }));
      });
      door.listen({ fd: fileDescriptor }, () => {
        door.on("error", (error) => this.logger.error("ops port failed", { error }));
        this.doors.add(door);
        resolve(close);
      });
    });
  }

  /** Replies that are being sent are finished, within the context's time; nobody else is heard. */
  async stop(context: Context): Promise<void> {
    this.unregister();
    for (const door of this.doors) door.close();
    this.doors.clear();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    // A connection without a request (browsers keep one in reserve) would hold the close up.
    const takeBack = context.onCancel(() => this.server.closeAllConnections());
    this.onReplied = () => this.server.closeAllConnections();
    if (this.replying === 0) this.onReplied();
    await closed;
    takeBack();
  }

  private listen(): Promise<void> {
    const { host, port, reusePort } = this.options;
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        const where = formatAddress({ kind: "tcp", host, port });
        const message = `cannot open the ops port on ${where}: ${explain(error)}`;
        reject(new ServiceError("unavailable", message, { cause: error, workStarted: "no" }));
      };
      this.server.once("error", onError);
      this.server.listen({ host, port, reusePort }, () => {
        this.server.off("error", onError);
        this.server.on("error", (error) => this.logger.error("ops port failed", { error }));
        resolve();
      });
    });
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    // The peer may go away at any moment; nobody is waiting then.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    this.replying++;
    response.on("close", () => {
      this.replying--;
      if (this.replying === 0) this.onReplied();
    });
    const reply = this.replyTo(request);
    const bytes = Buffer.from(reply.body);
    response.writeHead(reply.status, {
      ...HEADERS,
      ...reply.headers,
      ...((hasBody(request) || this.guests.has(request.socket)) && { Connection: "close" }),
      "Content-Type": reply.contentType,
      "Content-Length": bytes.length,
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  }

  private replyTo(request: IncomingMessage): OpsReply {
    const { method = "", headers } = request;
    const refusal = guard(this.options, method, headers);
    if (refusal !== undefined) return refusal;
    const [path = "", ...rest] = (request.url ?? "").split("?");
    const found = findRoute(this.view.routes, path);
    if (found === undefined) {
      return textReply(404, "there is no such page; / lists those there are");
    }
    const { route, parameter } = found;
    const allowed = route.method === "GET" ? ["GET", "HEAD"] : [route.method];
    if (!allowed.includes(method)) {
      const reply = textReply(405, `${path} takes ${allowed.join(" or ")}`);
      return { ...reply, headers: { Allow: allowed.join(", ") } };
    }
    if (hasBody(request, BODY_MAX_BYTES)) return textReply(413, "a request needs no body here");
    try {
      return route.endpoint(this.view, {
        query: new URLSearchParams(rest.join("?")),
        parameter,
        accept: headers.accept ?? "",
        host: headers.host ?? "",
        remote: request.socket.remoteAddress ?? "",
      });
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      this.logger.error("ops endpoint failed", { path, error });
      return textReply(500, `${path} failed; the log says why`);
    }
  }
}

function hasBody({ headers }: IncomingMessage, maxBytes = 0): boolean {
  const length = Number(headers["content-length"] ?? 0);
  return headers["transfer-encoding"] !== undefined || !(length <= maxBytes);
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "the port is taken; choose another, or 0 for a free one";
    case "EACCES":
      return "not allowed; ports below 1024 need a privilege";
    case "EADDRNOTAVAIL":
      return "this machine does not have the address";
    default:
      return error.message;
  }
}

/** The real `HttpTransport`: Node's own HTTP client with connections that are kept. */
import * as http from "node:http";
import * as https from "node:https";
import { type Context, ServiceError, type TlsOptions } from "@holdfast/core";
import type { HttpReply, HttpRequest, HttpTransport } from "./http-transport.ts";

export interface NodeHttpTransportOptions {
  /** `host:port`, such as `127.0.0.1:8500` or `[::1]:8500`. */
  readonly address: string;
  /** HTTPS when it is there; `{}` trusts what Node trusts. */
  readonly tls?: TlsOptions;
}

export function createNodeHttpTransport(options: NodeHttpTransportOptions): HttpTransport {
  return new NodeHttpTransport(options);
}

class NodeHttpTransport implements HttpTransport {
  readonly name: string;
  private readonly origin: URL;
  private readonly agent: http.Agent;

  constructor({ address, tls }: NodeHttpTransportOptions) {
    const scheme = tls === undefined ? "http" : "https";
    this.name = `${scheme}://${address}`;
    this.origin = new URL(this.name);
    this.agent = tls === undefined ? new http.Agent({ keepAlive: true }) : createTlsAgent(tls);
  }

  async request(context: Context, request: HttpRequest): Promise<HttpReply> {
    try {
      return await new Attempt(this.origin, this.agent, request, context).reply;
    } catch (thrown) {
      // The other side may close an idle connection at the very moment at which it is used again.
      if (!(thrown instanceof KeptConnectionLost)) throw this.explain(thrown);
    }
    try {
      return await new Attempt(this.origin, this.agent, request, context).reply;
    } catch (thrown) {
      throw this.explain(thrown instanceof KeptConnectionLost ? thrown.cause : thrown);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private explain(thrown: unknown): ServiceError {
    if (thrown instanceof ServiceError) return thrown;
    const message = `${this.name}: ${reasonOf(thrown)}`;
    return new ServiceError("unavailable", message, { cause: thrown });
  }
}

/** OpenSSL's errors say it in one word of many: `tlsv13 alert certificate required`. */
function reasonOf(thrown: unknown): string {
  const reason = thrown instanceof Error && "reason" in thrown ? thrown.reason : undefined;
  return typeof reason === "string" ? reason : ServiceError.from(thrown).message;
}

function createTlsAgent({ cert, key, ca, serverName }: TlsOptions): https.Agent {
  return new https.Agent({
    keepAlive: true,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

/** A connection that had served before ended before anything came back on it. */
class KeptConnectionLost extends Error {}

/** One request on the wire, from its first byte to the last of the reply. */
class Attempt {
  readonly reply: Promise<HttpReply>;
  private readonly outgoing: http.ClientRequest;
  private readonly unlisten: () => void = () => undefined;
  private readonly chunks: Buffer[] = [];
  private readonly replyMaxBytes: number;
  private bytes = 0;
  private answered = false;
  private readonly settle: {
    resolve: (reply: HttpReply) => void;
    reject: (error: unknown) => void;
  };

  constructor(origin: URL, agent: http.Agent, request: HttpRequest, context: Context) {
    const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
    this.reply = promise;
    this.settle = { resolve, reject };
    this.replyMaxBytes = request.replyMaxBytes;
    this.outgoing = sendRequest(origin, agent, request);
    this.outgoing.on("response", (incoming) => this.onResponse(incoming));
    this.outgoing.on("error", (error) => this.fail(this.explain(error)));
    this.unlisten = context.onCancel((reason) => this.fail(reason));
  }

  private explain(error: NodeJS.ErrnoException): Error {
    const ended = error.code === "ECONNRESET" || error.code === "EPIPE";
    if (!ended || this.answered || !this.outgoing.reusedSocket) return error;
    return new KeptConnectionLost("the connection was closed", { cause: error });
  }

  private onResponse(incoming: http.IncomingMessage): void {
    this.answered = true;
    incoming.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.bytes > this.replyMaxBytes) this.fail(tooLarge(this.replyMaxBytes));
      else this.chunks.push(chunk);
    });
    incoming.on("end", () => {
      const body = Buffer.concat(this.chunks).toString("utf8");
      this.unlisten();
      this.settle.resolve({
        status: incoming.statusCode ?? 0,
        headers: joined(incoming.headers),
        body,
      });
    });
    // A body that ends too early: the length that was announced, or the last chunk, is missing.
    incoming.on("error", (error) => this.fail(error));
  }

  private fail(error: unknown): void {
    this.unlisten();
    this.settle.reject(error);
    this.outgoing.destroy();
  }
}

function sendRequest(origin: URL, agent: http.Agent, request: HttpRequest): http.ClientRequest {
  const { method, path, headers, body } = request;
  const secure = origin.protocol === "https:";
  const outgoing = (secure ? https : http).request({
    agent,
    method,
    path,
    // Without the brackets of an IPv6 address.
    hostname: origin.hostname.replace(/^\[|\]$/g, ""),
    port: origin.port,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    },
  });
  outgoing.end(body);
  return outgoing;
}

function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError("too-large", `the reply has more than ${maxBytes} bytes`);
}

function joined(headers: http.IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}

/**
 * HTTP as etcd needs it: requests with one reply, and a watch, whose reply is a line for each thing
 * that happens and has no end.
 */
import * as http from "node:http";
import * as https from "node:https";
import { type Context, ServiceError, type TlsOptions } from "@holdfast/core";
import type { HttpTransport } from "../http/http-transport.ts";
import { createNodeHttpTransport } from "../http/node-http-transport.ts";
import { etcdError } from "./error.ts";
import { LineSplitter } from "./line-splitter.ts";

export interface LinesRequest {
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly lineMaxBytes: number;
}

export interface EtcdTransport extends HttpTransport {
  /**
   * Calls `onLine` for each line of the reply. Resolves when the other side ends it; rejects with a
   * ServiceError when it fails or is refused, and with the reason when the context is over.
   */
  lines(context: Context, request: LinesRequest, onLine: (line: string) => void): Promise<void>;
}

/** A refusal is a sentence. */
const REFUSAL_MAX_BYTES = 16 * 1024;
/** A peer whose machine vanished is noticed by the kernel too; checks notice it sooner. */
const KEEP_ALIVE_MS = 10_000;

export function createEtcdTransport(address: string, tls: TlsOptions | undefined): EtcdTransport {
  const plain = createNodeHttpTransport({ address, ...(tls === undefined ? {} : { tls }) });
  const streams = new Set<http.ClientRequest>();
  return {
    name: plain.name,
    request: (context, request) => plain.request(context, request),
    lines: async (context, request, onLine) => {
      context.throwIfCancelled();
      const outgoing = openRequest(plain.name, tls, request);
      streams.add(outgoing);
      outgoing.on("close", () => streams.delete(outgoing));
      return readLines(address, outgoing, context, request, onLine);
    },
    close: () => {
      plain.close();
      for (const outgoing of streams) outgoing.destroy();
    },
  };
}

function openRequest(
  origin: string,
  tls: TlsOptions | undefined,
  { path, headers, body }: LinesRequest,
): http.ClientRequest {
  const secure = tls !== undefined;
  const { serverName, ...certificates } = tls ?? {};
  const outgoing = (secure ? https : http).request(new URL(path, origin), {
    method: "POST",
    // A connection of its own, which ends with the watch.
    agent: false,
    headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
    ...certificates,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  outgoing.on("socket", (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
  outgoing.end(body);
  return outgoing;
}

function readLines(
  address: string,
  outgoing: http.ClientRequest,
  context: Context,
  { lineMaxBytes }: LinesRequest,
  onLine: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (thrown: unknown): void => {
      unlisten();
      reject(asUnavailable(address, thrown));
      outgoing.destroy();
    };
    outgoing.on("error", fail);
    outgoing.on("response", (incoming) => {
      const refused = incoming.statusCode !== 200;
      const chunks: Buffer[] = [];
      const lines = new LineSplitter(refused ? REFUSAL_MAX_BYTES : lineMaxBytes, onLine);
      incoming.on("error", fail);
      incoming.on("data", (chunk: Buffer) => {
        try {
          if (!refused) lines.push(chunk);
          else if (chunks.length < 16) chunks.push(chunk);
        } catch (thrown) {
          fail(thrown);
        }
      });
      incoming.on("end", () => {
        const said = Buffer.concat(chunks).toString().slice(0, REFUSAL_MAX_BYTES);
        if (refused) fail(etcdError(address, incoming.statusCode ?? 0, said));
        unlisten();
        resolve();
      });
    });
    const unlisten = context.onCancel(fail);
  });
}

function asUnavailable(address: string, thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const reason = ServiceError.from(thrown).message;
  return new ServiceError("unavailable", `etcd ${address}: ${reason}`, { cause: thrown });
}

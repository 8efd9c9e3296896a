/**
 * HTTP as the adapters need it: one request, one reply that is held in memory, and a limit on
 * both time and size. Passed in, so that tests script it and the simulator can stand in for it.
 */
import type { Context } from "@holdfast/core";

export interface HttpRequest {
  readonly method: "DELETE" | "GET" | "POST" | "PUT";
  /** With its query, encoded, such as `/v1/health/service/history?index=7`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The largest body of a reply that is read; a longer one is `too-large`. */
  readonly replyMaxBytes: number;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; several of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface HttpTransport {
  /** Where it leads, for an operator, such as `http://127.0.0.1:8500`. */
  readonly name: string;
  /**
   * Any status is a reply. Rejects with a ServiceError: `unavailable` when no whole reply came,
   * `too-large`, or why the context is over, in which case the request is taken back at once.
   */
  request(context: Context, request: HttpRequest): Promise<HttpReply>;
  /** Closes idle connections; requests that are under way fail. */
  close(): void;
}

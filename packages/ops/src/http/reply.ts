/** What an endpoint answers, and what it may know of the request. */
import { renderJson } from "./json.ts";

export interface OpsRequest {
  /** Decoded; only what follows `?`. */
  readonly query: URLSearchParams;
  /** What stands where the route's path has its parameter; `""` when it has none. */
  readonly parameter: string;
  /** The Accept header, `""` when there is none. */
  readonly accept: string;
  /** The Host header, for links and commands that are shown. */
  readonly host: string;
  /** Who asks, such as `127.0.0.1`. */
  readonly remote: string;
}

export interface OpsReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Further headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function textReply(status: number, text: string): OpsReply {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

export function htmlReply(html: string): OpsReply {
  return { status: 200, contentType: "text/html; charset=utf-8", body: html };
}

/** Indented when a browser asks, or with `?pretty`. */
export function jsonReply(request: OpsRequest, value: unknown, status = 200): OpsReply {
  const pretty = request.query.has("pretty") || prefers(request.accept, "text/html", "*/*");
  return {
    status,
    contentType: "application/json; charset=utf-8",
    body: `${renderJson(value, pretty)}\n`,
  };
}

/** Whether the Accept header names `type` and likes it at least as much as `other`. */
export function prefers(accept: string, type: string, other: string): boolean {
  const quality = qualityOf(accept, type);
  return quality > 0 && quality >= qualityOf(accept, other);
}

/** The highest q of the ranges that name the type itself; 0 when none does. */
function qualityOf(accept: string, type: string): number {
  let highest = 0;
  for (const range of accept.toLowerCase().split(",")) {
    const [name, ...parameters] = range.split(";").map((part) => part.trim());
    if (name !== type) continue;
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = q === undefined ? 1 : Number(q.slice(2));
    if (quality > highest) highest = quality;
  }
  return highest;
}

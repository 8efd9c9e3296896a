/**
 * Who may ask: whoever has the token, where there is one; and no page that a browser happened to
 * load from elsewhere, whether it asks for itself or under a name that it made point here.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { type OpsReply, textReply } from "./reply.ts";

export interface GuardOptions {
  /** Undefined: no token is needed. */
  readonly token: string | undefined;
  /** Host names besides IP addresses and `localhost` that the port may be called by. */
  readonly hostsAllowed: readonly string[];
}

/** The refusal, or undefined when the request may go on. */
export function guard(
  options: GuardOptions,
  method: string,
  headers: IncomingHttpHeaders,
): OpsReply | undefined {
  if (options.token !== undefined && !hasToken(headers.authorization, options.token)) {
    const reply = textReply(401, "a token is needed: Authorization: Bearer <token>");
    return { ...reply, headers: { "WWW-Authenticate": 'Bearer realm="ops"' } };
  }
  const { host } = headers;
  if (host === undefined || !isAllowedHost(host, options.hostsAllowed)) {
    return textReply(421, "this Host is not served here; see the option hostsAllowed");
  }
  if (method !== "GET" && method !== "HEAD" && comesFromElsewhere(headers, host)) {
    return textReply(403, "a page from elsewhere cannot change anything here");
  }
  return undefined;
}

function hasToken(authorization: string | undefined, token: string): boolean {
  const match = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "");
  // Hashes have one length, and comparing them tells nothing about the token.
  return match !== null && timingSafeEqual(hash(match[1]!), hash(token));
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** An address cannot be made to point elsewhere; a name can (DNS rebinding). */
function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  const name = host.replace(/:\d{1,5}$/, "").toLowerCase();
  const address = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return name === "localhost" || isIP(address) !== 0 || allowed.includes(name);
}

/** Browsers say so in these headers and let no page change them. */
function comesFromElsewhere(headers: IncomingHttpHeaders, host: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  const { origin } = headers;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}

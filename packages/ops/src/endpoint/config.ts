/**
 * `/config`: live configuration as it is in effect, with what changed and what was refused; and,
 * with `?explain=caller/callee/method`, which rule gave each value of a call.
 */
import type { ConfigKey } from "@holdfast/core";
import { jsonReply, textReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const configEndpoint: Endpoint = ({ sources: { config } }, request) => {
  if (config === undefined) {
    return textReply(404, "this process has no live configuration; every value is its own");
  }
  const asked = request.query.get("explain");
  if (asked === null) return jsonReply(request, config.snapshot());
  const key = readKey(asked);
  if (key !== undefined) return jsonReply(request, config.explain(key));
  return textReply(400, "explain must be CALLER/CALLEE/METHOD; an unnamed caller is left empty");
};

function readKey(text: string): ConfigKey | undefined {
  const [caller, callee, method, ...more] = text.split("/");
  if (caller === undefined || callee === undefined || method === undefined) return undefined;
  return more.length === 0 ? { caller, callee, method } : undefined;
}

/** `/calls`: the last calls, from the ring in which every one is recorded. */
import { type CallFilter, OUTCOMES } from "@holdfast/core";
import { jsonReply, textReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 10_000;
const OUTCOME_NAMES: readonly string[] = [...OUTCOMES, "running"];

export const callsEndpoint: Endpoint = ({ sources }, request) => {
  const { query } = request;
  const limit = Number(query.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    return textReply(400, `limit must be a whole number from 1 to ${LIMIT_MAX}`);
  }
  const [method, outcome] = [query.get("method"), query.get("outcome")];
  if (outcome !== null && !OUTCOME_NAMES.includes(outcome)) {
    return textReply(400, `outcome must be one of: ${OUTCOME_NAMES.join(", ")}`);
  }
  const filter = { ...(method !== null && { method }), ...(outcome !== null && { outcome }) };
  return jsonReply(request, sources.calls?.recent(limit, filter as CallFilter) ?? []);
};

/**
 * `/breakers`: the live table of every circuit breaker, closed ones too. JSON for programs, aligned
 * columns for a terminal (`?format=text`, or `Accept: text/plain`).
 */
import { type BreakerRow, STATE_KIND, type StateRegistry } from "@holdfast/core";
import { jsonReply, type OpsRequest, prefers, textReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";
import { renderBreakers } from "./breakers-text.ts";

const LIMIT_DEFAULT = 1_000;
const LIMIT_MAX = 10_000;
/** In the order in which they are shown: what is wrong comes first. */
const STATES: readonly BreakerRow["state"][] = ["open", "half-open", "closed"];

export interface BreakersReply {
  /** What is not closed first, then by error rate. */
  readonly breakers: readonly BreakerRow[];
  /** How many there are in each state, also of those that are not shown. */
  readonly counts: Readonly<Record<BreakerRow["state"], number>>;
  /** Parts whose picture failed. */
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

export const breakersEndpoint: Endpoint = ({ sources }, request) => {
  const { query } = request;
  const limit = Number(query.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    return textReply(400, `limit must be a whole number from 1 to ${LIMIT_MAX}`);
  }
  const state = query.get("state");
  if (state !== null && !STATES.some((name) => name === state)) {
    return textReply(400, `state must be one of: ${STATES.join(", ")}`);
  }
  const format = query.get("format");
  if (format !== null && format !== "text" && format !== "json") {
    return textReply(400, "format must be text or json");
  }
  const reply = readBreakers(sources.registry, limit, state);
  if (!asText(request, format)) return jsonReply(request, reply);
  return textReply(200, renderBreakers(reply, sources.clock.epochMs()));
};

function asText({ accept }: OpsRequest, format: string | null): boolean {
  if (format !== null) return format === "text";
  return prefers(accept, "text/plain", "application/json") && !accept.includes("text/html");
}

function readBreakers(registry: StateRegistry, limit: number, state: string | null): BreakersReply {
  const rows: BreakerRow[] = [];
  const failed: { name: string; error: string }[] = [];
  for (const part of registry.snapshots(STATE_KIND.breakers)) {
    if ("error" in part) failed.push({ name: part.name, error: part.error });
    else rows.push(...(part.state as readonly BreakerRow[]));
  }
  const counts = { open: 0, "half-open": 0, closed: 0 };
  for (const row of rows) counts[row.state]++;
  const breakers = rows
    .filter((row) => state === null || row.state === state)
    .sort((one, other) => rank(one) - rank(other) || other.errorRate - one.errorRate)
    .slice(0, limit);
  return { breakers, counts, failed };
}

function rank({ state }: BreakerRow): number {
  return STATES.indexOf(state);
}

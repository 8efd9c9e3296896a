/**
 * The pages about connections: who is here, and how to send somebody away.
 *
 * Why not the ops port's own `/connections`? That one lists parts, for tools that know no service.
 * Operators of the proxy ask who is logged in, and have asked in these words since the first one:
 * `CurrentUserCount`, `CurrentlyAuthenticatedUsers`. The rows are still registered as state of
 * kind `connections`, so `/state` has them too, and other parts' connections stay on this page.
 */
import { jsonReply, type OpsRoute, STATE_KIND, type StateSnapshot, textReply } from "holdfast";
import type { ConnectionRow } from "./connection-row.ts";

/** The name under which the rows are registered, with the kind `STATE_KIND.connections`. */
export const CONNECTIONS_PART = "ssh proxy";

export interface ConnectionsPage {
  /** Connections on which somebody has logged in: SessionKeys, not rows. */
  readonly CurrentUserCount: number;
  /** Sessions that are running on them. */
  readonly CurrentSessionCount: number;
  readonly CurrentlyAuthenticatedUsers: readonly ConnectionRow[];
  /** What other parts of the process have connected; as any service shows it. */
  readonly OtherConnections: readonly StateSnapshot[];
}

/** Takes the place of the ops port's own page. */
export function connectionsRoute(): OpsRoute {
  return {
    path: "/connections",
    method: "GET",
    group: "Inside",
    description: "who is logged in, what they run, where it goes",
    endpoint: ({ sources }, request) =>
      jsonReply(request, pageOf(sources.registry.snapshots(STATE_KIND.connections))),
  };
}

/** `close` ends the connection in order, with a text for its user; it answers at once. */
export function closeConnectionRoute(close: (key: string) => "closed" | "unknown"): OpsRoute {
  return {
    path: "/connections/:key/close",
    method: "POST",
    group: "Actions",
    description: "ends one connection and all its sessions, by its SessionKey",
    endpoint: ({ sources }, request) => {
      const sessionKey = request.parameter.toLowerCase();
      const result = close(sessionKey);
      const { remote } = request;
      sources.logger?.info("close asked for on the ops port", { sessionKey, remote, result });
      if (result === "closed") return jsonReply(request, { SessionKey: sessionKey, Closed: true });
      return textReply(
        404,
        "no connection has this SessionKey; /connections lists those there are",
      );
    },
  };
}

function pageOf(snapshots: readonly StateSnapshot[]): ConnectionsPage {
  const isOurs = (part: StateSnapshot): part is StateSnapshot & { state: unknown } =>
    part.name === CONNECTIONS_PART && "state" in part;
  const rows = snapshots.filter(isOurs).flatMap(({ state }) => state as readonly ConnectionRow[]);
  return {
    CurrentUserCount: new Set(rows.map((row) => row.SessionKey)).size,
    CurrentSessionCount: rows.filter((row) => row.Channel !== undefined).length,
    CurrentlyAuthenticatedUsers: rows,
    OtherConnections: snapshots.filter((part) => !isOurs(part)),
  };
}

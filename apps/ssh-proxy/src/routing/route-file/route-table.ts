/** A file of routes, read and checked as a whole: all of it is taken, or nothing. */
import { cutText, escapeControl } from "holdfast";
import { noSuchRepository, readOnly } from "../refused-route.ts";
import type { Route, RouteRequest } from "../router.ts";
import { type BackendEntry, readBackends } from "./backend-entry.ts";
import type { RouteFileOptions } from "./options.ts";
import { Problems } from "./problems.ts";
import { readRoutes, type RouteEntry } from "./route-entry.ts";

export type ParsedRoutes =
  | { readonly kind: "table"; readonly table: RouteTable }
  /** One text for all that is wrong, with lines. */
  | { readonly kind: "bad"; readonly reason: string };

export type RouteTableLimits = Omit<RouteFileOptions, "lookMs" | "fileMaxBytes">;

export class RouteTable {
  readonly backends: ReadonlyMap<string, BackendEntry>;
  readonly routes: readonly RouteEntry[];

  constructor(backends: ReadonlyMap<string, BackendEntry>, routes: readonly RouteEntry[]) {
    this.backends = backends;
    this.routes = routes;
  }

  /** The first route that fits. Throws a ServiceError `not-found`, as `Router` says. */
  route({ identity, verb, access, repository }: RouteRequest): Route {
    const { account, name } = identity;
    for (const each of this.routes) {
      if (each.account !== undefined && each.account !== account) continue;
      if (each.verbs !== undefined && !each.verbs.includes(verb)) continue;
      const stars = each.repository.match(repository);
      if (stars === undefined) continue;
      if (access === "write" && each.access === "read") throw readOnly(verb);
      const filled = each.path.pathOf({ account, name, repository, stars });
      if ("wrong" in filled) throw noSuchRepository();
      return { backend: each.backend, path: filled.path };
    }
    throw noSuchRepository();
  }
}

export function parseRoutes(text: string, limits: RouteTableLimits): ParsedRoutes {
  let json: unknown = undefined;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const message = escapeControl(cutText((error as Error).message, 200));
    return { kind: "bad", reason: `it is no JSON: ${message}` };
  }
  const problems = new Problems(text);
  const root = problems.readObject("", json, ["backends", "routes"]);
  const backends = readBackends(problems, root["backends"], limits);
  const routes = readRoutes(problems, root["routes"], backends, limits);
  const reason = problems.text;
  if (reason !== undefined) return { kind: "bad", reason };
  return { kind: "table", table: new RouteTable(backends, routes) };
}

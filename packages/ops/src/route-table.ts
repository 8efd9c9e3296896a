/** The table of routes: those of the ops port with those of the service, and which one is asked. */
import { ServiceError } from "@holdfast/core";
import type { OpsRoute } from "./ops-view.ts";

export interface FoundRoute {
  readonly route: OpsRoute;
  /** What stands where the path has its parameter; `""` when it has none. */
  readonly parameter: string;
}

const PATH = /^\/(?:[a-z][a-z0-9-]*(?:\/:?[a-z][a-z0-9-]*)*)?$/;
/** What needs no escape in a URL (RFC 3986, 2.3): nothing is decoded, so nothing can hide. */
const PARAMETER = /^[\w.~-]{1,128}$/;

/**
 * All routes, the service's own behind the others; one with a path that is there already stands in
 * its place. Throws a ServiceError `invalid` for a path that could not be asked, or asked twice.
 */
export function withRoutes(
  builtIn: readonly OpsRoute[],
  own: readonly OpsRoute[] = [],
): readonly OpsRoute[] {
  const shapes = new Set<string>();
  for (const { path } of own) {
    if (!PATH.test(path)) throw invalid(`${JSON.stringify(path)} is no path such as /a/:key/b`);
    if (path.split(":").length > 2) throw invalid(`${path} has more than one parameter`);
    const shape = path.replace(/:[^/]+/, ":");
    if (shapes.has(shape)) throw invalid(`two routes answer to ${path}`);
    shapes.add(shape);
  }
  const inPlace = builtIn.map((route) => own.find(({ path }) => path === route.path) ?? route);
  return [...inPlace, ...own.filter((route) => !inPlace.includes(route))];
}

/** A path without a parameter comes before one with; the path is as it was asked, not decoded. */
export function findRoute(routes: readonly OpsRoute[], path: string): FoundRoute | undefined {
  const exact = routes.find((route) => route.path === path);
  if (exact !== undefined && !path.includes(":")) return { route: exact, parameter: "" };
  for (const route of routes) {
    const parameter = parameterOf(route.path, path);
    if (parameter !== undefined) return { route, parameter };
  }
  return undefined;
}

/** Undefined when the path is not of this pattern, or the pattern has no parameter. */
function parameterOf(pattern: string, path: string): string | undefined {
  const [before, after] = pattern.split(/:[^/]+/);
  if (before === undefined || after === undefined) return undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const parameter = path.slice(before.length, path.length - after.length);
  return PARAMETER.test(parameter) ? parameter : undefined;
}

function invalid(what: string): ServiceError {
  return new ServiceError("invalid", `ops routes: ${what}`);
}

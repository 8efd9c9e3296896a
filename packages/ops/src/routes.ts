/** Everything the ops port answers, in the order in which the index shows it. */
import { breakersEndpoint } from "./endpoint/breakers.ts";
import { callsEndpoint } from "./endpoint/calls.ts";
import { configEndpoint } from "./endpoint/config.ts";
import { connectionsEndpoint } from "./endpoint/connections.ts";
import { drainEndpoint } from "./endpoint/drain.ts";
import { healthzEndpoint } from "./endpoint/healthz.ts";
import { indexEndpoint } from "./endpoint/index-page.ts";
import { infoEndpoint } from "./endpoint/info.ts";
import { metricsEndpoint } from "./endpoint/metrics.ts";
import { optionsEndpoint } from "./endpoint/options.ts";
import { readyzEndpoint } from "./endpoint/readyz.ts";
import { stackEndpoint } from "./endpoint/stack.ts";
import { stateEndpoint } from "./endpoint/state.ts";
import type { Endpoint, OpsRoute } from "./ops-view.ts";

export const ROUTES: readonly OpsRoute[] = [
  get("/", indexEndpoint, "About", "this page"),
  get("/info", infoEndpoint, "About", "version, start time, uptime and state, as JSON"),
  get("/healthz", healthzEndpoint, "Health", "200 as long as the process answers at all"),
  get(
    "/readyz",
    readyzEndpoint,
    "Health",
    "200 when ready; 503 while starting and from a drain on",
  ),
  get("/metrics", metricsEndpoint, "Numbers", "every metric, for Prometheus and OpenMetrics"),
  get(
    "/calls",
    callsEndpoint,
    "Numbers",
    "the last calls, newest first: ?method=, ?outcome= (a code, ok, exception, running), ?limit=",
  ),
  get(
    "/breakers",
    breakersEndpoint,
    "Inside",
    "every circuit breaker, closed ones too: ?state=, ?limit=, ?format=text",
  ),
  get("/connections", connectionsEndpoint, "Inside", "the connections that are open"),
  get("/stack", stackEndpoint, "Inside", "the filters that a call passes, in order, with reasons"),
  get("/options", optionsEndpoint, "Inside", "the options in effect"),
  get(
    "/config",
    configEndpoint,
    "Inside",
    "live configuration: revisions, rules, changes, refusals; ?explain=caller/callee/method",
  ),
  get("/state", stateEndpoint, "Inside", "what every part shows of itself"),
  {
    path: "/drain",
    method: "POST",
    endpoint: drainEndpoint,
    group: "Actions",
    description: "take no new work, finish what is in flight, and exit",
  },
];

function get(path: string, endpoint: Endpoint, group: string, description: string): OpsRoute {
  return { path, method: "GET", endpoint, group, description };
}

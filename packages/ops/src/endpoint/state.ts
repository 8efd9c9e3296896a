/** `/state`: what every part shows of itself, of whatever kind. */
import { jsonReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const stateEndpoint: Endpoint = ({ sources }, request) =>
  jsonReply(request, {
    lifecycle: sources.state(),
    parts: sources.registry.snapshots(),
    partsRefused: sources.registry.refusedCount,
  });

/** `/connections`: what is connected to this process, and what it is connected to. */
import { STATE_KIND } from "@holdfast/core";
import { jsonReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const connectionsEndpoint: Endpoint = ({ sources }, request) =>
  jsonReply(request, sources.registry.snapshots(STATE_KIND.connections));

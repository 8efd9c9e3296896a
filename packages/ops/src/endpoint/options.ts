/** `/options`: what is in effect, defaults included. */
import { STATE_KIND } from "@holdfast/core";
import { jsonReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const optionsEndpoint: Endpoint = ({ sources }, request) =>
  jsonReply(request, sources.registry.snapshots(STATE_KIND.options));

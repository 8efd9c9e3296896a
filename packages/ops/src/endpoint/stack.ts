/** `/stack`: the filters around each server and client, in the order a call meets them. */
import { STATE_KIND } from "@holdfast/core";
import { jsonReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const stackEndpoint: Endpoint = ({ sources }, request) =>
  jsonReply(request, sources.registry.snapshots(STATE_KIND.stack));

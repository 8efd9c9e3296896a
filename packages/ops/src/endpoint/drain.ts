/** `POST /drain`: the orderly end, as SIGTERM would bring it. Asking again changes nothing. */
import { jsonReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const drainEndpoint: Endpoint = ({ sources }, request) => {
  sources.logger?.info("drain asked for on the ops port", { remote: request.remote });
  sources.drain(`asked for on the ops port by ${request.remote}`);
  return jsonReply(request, { State: sources.state().kind }, 202);
};

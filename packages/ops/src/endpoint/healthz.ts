/** `/healthz`: whether the process answers at all; who cannot read this should restart it. */
import { textReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const healthzEndpoint: Endpoint = () => textReply(200, "ok");

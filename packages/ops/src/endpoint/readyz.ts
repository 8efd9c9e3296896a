/** `/readyz`: whether to send work here. The first thing that changes in a drain. */
import { escapeControl } from "@holdfast/core";
import { textReply } from "../http/reply.ts";
import type { Endpoint } from "../ops-view.ts";

export const readyzEndpoint: Endpoint = ({ sources }) => {
  const state = sources.state();
  if (state.kind === "ready") return textReply(200, "ready");
  const why = "reason" in state ? state.reason : "part" in state ? state.part : "";
  return textReply(503, why === "" ? state.kind : `${state.kind}: ${escapeControl(why)}`);
};

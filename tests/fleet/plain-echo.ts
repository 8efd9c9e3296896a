/**
 * The echo service as an IDL without annotations has it: that its calls may be done twice only the
 * callers know, who say so among their policies.
 */
import type { MethodDefinition, ServiceDefinition } from "holdfast";
import { Echo, type EchoHandler } from "../rolling-restart/echo-service.ts";

const ECHO: MethodDefinition<EchoHandler> = { ...Echo.methods[0]!, idempotent: false };

export const PlainEcho: ServiceDefinition<EchoHandler, EchoHandler> = {
  name: "PlainEcho",
  methods: [ECHO],
  client: (call) => ({
    echo: (context, text) => call(ECHO, context, { text }) as Promise<string>,
  }),
};

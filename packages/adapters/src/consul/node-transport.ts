/** Real connections to agents. */
import { createNodeHttpTransport } from "../http/node-http-transport.ts";
import type { OpenTransport } from "./agent.ts";
import type { ConsulConnectionOptions } from "./connection-options.ts";

export function nodeTransport({ tls }: Pick<ConsulConnectionOptions, "tls">): OpenTransport {
  return (address) => createNodeHttpTransport({ address, ...(tls === undefined ? {} : { tls }) });
}

/** Discovery on Consul: the public door of `@holdfast/adapters/consul`. */
export type { HttpReply, HttpRequest, HttpTransport } from "../http/http-transport.ts";

/** An `HttpTransport` whose far end the test holds: each request waits until it is answered. */
import { type Context, ServiceError } from "@holdfast/core";
import type { HttpReply, HttpRequest, HttpTransport } from "../../http/http-transport.ts";

export interface ScriptedRequest extends HttpRequest {
  /** `host:port` of the agent that it was sent to. */
  readonly address: string;
  readonly query: URLSearchParams;
  /** Whether somebody still waits for it. */
  readonly isOpen: boolean;
  readonly answer: (status: number, body: unknown, headers?: HttpReply["headers"]) => void;
  readonly fail: (message: string) => void;
}

export class ScriptedTransport {
  /** Every request that came, in order; answered ones stay. */
  readonly requests: ScriptedRequest[] = [];
  closed = 0;

  readonly open = (address: string): HttpTransport => ({
    name: `http://${address}`,
    request: (context, request) => this.take(address, context, request),
    close: () => this.closed++,
  });

  /** The last one; fails when it was answered already. */
  get next(): ScriptedRequest {
    const last = this.requests.at(-1);
    if (last?.isOpen !== true) throw new Error("no request waits for an answer");
    return last;
  }

  private take(address: string, context: Context, request: HttpRequest): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const state = { isOpen: true };
      const settle = (done: () => void): void => {
        state.isOpen = false;
        unlisten();
        done();
      };
      const unlisten = context.onCancel((reason) => settle(() => reject(reason)));
      this.requests.push({
        ...request,
        address,
        query: new URL(request.path, "http://consul").searchParams,
        get isOpen() {
          return state.isOpen;
        },
        answer: (status, said, headers = {}) => {
          const body = typeof said === "string" ? said : JSON.stringify(said);
          settle(() => resolve({ status, headers, body }));
        },
        fail: (message) => settle(() => reject(new ServiceError("unavailable", message))),
      });
    });
  }
}

/** One entry of a health answer; ids are as a registrar of ours makes them. */
export function healthEntry(service: string, id: string, ...statuses: readonly string[]): object {
  return {
    Node: { Node: "node", Address: "10.0.0.1", Meta: { zone: "east" } },
    Service: {
      ID: `${service}@${id}`,
      Service: service,
      Port: 4001,
      Weights: { Passing: 10, Warning: 2 },
    },
    Checks: statuses.map((Status) => ({ Status })),
  };
}

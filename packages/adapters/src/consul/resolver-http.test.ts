import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MemoryLogger, SeededRandom, SystemClock } from "@holdfast/core";
import { Heard } from "../contract/heard.contract.ts";
import { ConsulResolver } from "./resolver.ts";
import { healthEntry } from "./testing/scripted-transport.ts";

const LIST = JSON.stringify([healthEntry("web", "one", "passing")]);
const HEADERS = { "x-consul-index": "5", "x-consul-knownleader": "true" };

function answerWell(reply: ServerResponse): void {
  reply.writeHead(200, HEADERS).end(LIST);
}

/** What goes wrong on a real connection, and what an operator reads of it. */
const FAULTS: readonly [what: string, fault: (reply: ServerResponse) => void, stale: RegExp][] = [
  [
    "a server error",
    (reply) => reply.writeHead(500).end("rpc error: No cluster leader"),
    /consul http:\/\/[\d.:]+ failed \(500\): rpc error: No cluster leader/,
  ],
  [
    "a page of somebody else's",
    (reply) => reply.writeHead(404).end("<h1>Not\nFound</h1>"),
    /does not know it: <h1>Not\\u000aFound<\/h1>/,
  ],
  [
    "garbage",
    (reply) => reply.writeHead(200, HEADERS).end('[{"Node":'),
    /the list of instances is no JSON/,
  ],
  [
    "half of the list",
    (reply) => {
      reply.writeHead(200, { ...HEADERS, "content-length": LIST.length });
      reply.write(LIST.slice(0, 20), () => reply.destroy());
    },
    /aborted/,
  ],
  [
    "half of the list in chunks",
    (reply) => {
      reply.writeHead(200, HEADERS);
      reply.write(LIST.slice(0, 20), () => reply.destroy());
    },
    /aborted/,
  ],
  ["no answer", () => undefined, /did not answer within \d+ ms/],
  [
    "a list that begins and never ends",
    (reply) => reply.writeHead(200, HEADERS).write(LIST.slice(0, 20)),
    /did not answer within \d+ ms/,
  ],
  [
    "a list without end",
    (reply) => {
      const more = (error?: Error | null): void => {
        if (error === undefined || error === null) reply.write(" ".repeat(64 * 1024), more);
      };
      reply.writeHead(200, HEADERS);
      more();
    },
    /the reply has more than 65536 bytes/,
  ],
  ["a connection that is cut", (reply) => reply.destroy(), /socket hang up|ECONNRESET/],
];

describe("a Consul resolver on real connections", () => {
  let server: Server;
  let fault: ((reply: ServerResponse) => void) | undefined;

  beforeEach(async () => {
    fault = undefined;
    server = createServer((_request, reply) => (fault ?? answerWell)(reply));
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  });

  for (const [what, broken, stale] of FAULTS) {
    it(`outlives ${what}`, async () => {
      const resolver = new ConsulResolver({
        runtime: {
          clock: new SystemClock(),
          random: new SeededRandom(1),
          logger: new MemoryLogger(),
        },
        options: {
          addresses: [`127.0.0.1:${(server.address() as AddressInfo).port}`],
          ...{ requestTimeoutMs: 200, waitMs: 1_000, queryIntervalMinMs: 10 },
          ...{ backoffMinMs: 10, backoffMaxMs: 20, replyMaxBytes: 64 * 1024 },
        },
      });
      const heard = new Heard();
      resolver.watch("web", heard.listener);
      await heard.untilIds("one");
      fault = broken;
      await heard.until("what is wrong", (last) => stale.test(last.stale ?? ""));
      assert.deepEqual(new Set(heard.lists), new Set(["one"]));
      fault = undefined;
      await heard.untilIds("one");
      resolver.close();
    });
  }
});

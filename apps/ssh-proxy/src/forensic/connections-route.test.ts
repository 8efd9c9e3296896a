import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  createContext,
  createOpsServer,
  ManualClock,
  MemoryLogger,
  STATE_KIND,
  StateRegistry,
  StatsRegistry,
} from "holdfast";
import { type ConnectionFacts, connectionRows } from "./connection-row.ts";
import { closeConnectionRoute, CONNECTIONS_PART, connectionsRoute } from "./connections-route.ts";
import type { EventRecord } from "./event-record.ts";
import { EventRing } from "./event-ring.ts";
import { forensicsRoute } from "./forensics-route.ts";

const SESSION = {
  channel: 3,
  startedMs: 1_500_000,
  lastActivityMs: 1_501_000,
  bytesIn: 70,
  bytesOut: 8_000,
  verb: "git-upload-pack",
  access: "read",
  repository: "team/project.git",
  backend: "east",
};
const FACTS: ConnectionFacts = {
  sessionKey: "106abc0c",
  identity: {
    account: "aviato",
    name: "erlich",
    publicKeyName: "BuildServer",
    fingerprint: "SHA256:x",
  },
  addr: "10.0.0.7:5",
  ident: "SSH-2.0-OpenSSH_9.2p1",
  acceptedMs: 0,
  lastActivityMs: 1_501_000,
  bytesIn: 100,
  bytesOut: 9_000,
  sessions: [SESSION],
};

describe("a row of /connections", () => {
  it("is there for each session, with who runs it and where it goes", () => {
    const next = { ...SESSION, channel: 4, verb: undefined, repository: undefined };
    const rows = connectionRows({ ...FACTS, sessions: [SESSION, next] }, 1_504_000);
    assert.deepEqual(rows[0], {
      Account: "aviato",
      Name: "erlich",
      PublicKeyName: "BuildServer",
      Fingerprint: "SHA256:x",
      SessionKey: "106abc0c",
      Addr: "10.0.0.7:5",
      Ident: "SSH-2.0-OpenSSH_9.2p1",
      SessionDuration: "25m4s",
      Channel: 3,
      ChannelDuration: "4s",
      Verb: "git-upload-pack",
      Access: "read",
      Repository: "team/project.git",
      Backend: "east",
      BytesIn: 70,
      BytesOut: 8_000,
      LastActivity: "3s",
    });
    assert.deepEqual([rows.length, rows[1]?.Channel, rows[1]?.Verb], [2, 4, undefined]);
  });

  it("is there for a connection without a session, too", () => {
    const [row, ...more] = connectionRows({ ...FACTS, sessions: [] }, 1_504_000);
    assert.deepEqual(more, []);
    assert.ok(!("Channel" in row!) && !("Verb" in row!));
    assert.deepEqual([row?.BytesIn, row?.BytesOut, row?.LastActivity], [100, 9_000, "3s"]);
  });

  it("shows text from outside plain and short", () => {
    const identity = { ...FACTS.identity, name: "\u001b[2J\u202e", publicKeyName: "x".repeat(999) };
    const [row] = connectionRows({ ...FACTS, identity }, 0);
    assert.equal(row?.Name, "\\u001b[2J\\u202e");
    assert.equal(row?.PublicKeyName.length, 255);
  });
});

describe("the pages of the proxy", () => {
  it("say who is logged in, in the words of old, and what else is connected", async () => {
    const { read, registry } = await started();
    const rows = [
      ...connectionRows({ ...FACTS, sessions: [SESSION, { ...SESSION, channel: 4 }] }, 0),
      ...connectionRows({ ...FACTS, sessionKey: "00000001", sessions: [] }, 0),
    ];
    const kind = STATE_KIND.connections;
    registry.register({ name: CONNECTIONS_PART, kind, snapshot: () => rows });
    registry.register({ name: "rpc", kind, snapshot: () => [{ remote: "10.0.0.9:1" }] });
    const page = JSON.parse((await read("/connections")).body) as Record<string, unknown>;
    assert.deepEqual(page, {
      CurrentUserCount: 2,
      CurrentSessionCount: 2,
      CurrentlyAuthenticatedUsers: JSON.parse(JSON.stringify(rows)) as unknown,
      OtherConnections: [{ name: "rpc", kind, state: [{ remote: "10.0.0.9:1" }] }],
    });
  });

  it("show rows that cannot be had as such", async () => {
    const { read, registry } = await started();
    const snapshot = (): never => {
      throw new Error("gone");
    };
    registry.register({ name: CONNECTIONS_PART, kind: STATE_KIND.connections, snapshot });
    const { status, body } = await read("/connections");
    assert.equal(status, 200);
    assert.match(body, /"CurrentUserCount":0,.*"error":"gone"/);
  });

  it("close a connection by its SessionKey, by POST only, and log who asked", async () => {
    const { read, closed, logger } = await started();
    assert.equal((await read("/connections/106abc0c/close")).status, 405);
    const done = await read("/connections/106ABC0C/close", "POST");
    assert.deepEqual([done.status, done.body], [200, '{"SessionKey":"106abc0c","Closed":true}\n']);
    const unknown = await read("/connections/00000000/close", "POST");
    assert.equal(unknown.status, 404);
    assert.match(unknown.body, /no connection has this SessionKey/);
    assert.deepEqual(closed, ["106abc0c", "00000000"]);
    assert.deepEqual(
      logger.lines.map(({ fields }) => [fields["sessionKey"], fields["remote"], fields["result"]]),
      [
        ["106abc0c", "127.0.0.1", "closed"],
        ["00000000", "127.0.0.1", "unknown"],
      ],
    );
  });

  it("show the last events, all or of one connection", async () => {
    const { read, ring } = await started();
    for (let at = 0; at < 4; at++) ring.add(record(at, at % 2 === 0 ? "aaaaaaaa" : "bbbbbbbb"));
    const times = async (query: string): Promise<number[]> =>
      (JSON.parse((await read(`/forensics${query}`)).body) as EventRecord[]).map(({ at }) => at);
    assert.deepEqual(await times(""), [0, 1, 2, 3]);
    assert.deepEqual(await times("?limit=2"), [2, 3]);
    assert.deepEqual(await times("?key=AAAAAAAA"), [0, 2]);
    assert.deepEqual(await times("?key=aaaaaaaa&limit=1"), [2]);
    const lines = await read("/forensics?format=lines&key=bbbbbbbb");
    assert.equal(lines.body.split("\n").length, 3);
    for (const query of [
      "?limit=0",
      "?limit=6",
      "?limit=x",
      "?key=",
      "?key=106",
      "?key=zzzzzzzz",
    ]) {
      assert.equal((await read(`/forensics${query}`)).status, 400, query);
    }
  });
});

function record(at: number, sessionKey: string): EventRecord {
  return { sessionKey, event: "accept", at };
}

async function started() {
  const clock = new ManualClock();
  const registry = new StateRegistry();
  const logger = new MemoryLogger();
  const ring = new EventRing(5);
  const closed: string[] = [];
  const close = (key: string): "closed" | "unknown" => {
    closed.push(key);
    return key === "106abc0c" ? "closed" : "unknown";
  };
  const server = createOpsServer(
    {
      name: "ssh-proxy",
      version: "0.1.0",
      clock,
      registry,
      logger,
      stats: new StatsRegistry(),
      state: () => ({ kind: "ready" }),
      drain: () => undefined,
      routes: [connectionsRoute(), closeConnectionRoute(close), forensicsRoute(ring)],
    },
    { port: 0 },
  );
  await server.start(createContext({ clock }));
  after(() => server.stop(createContext({ clock })));
  const read = async (
    path: string,
    method = "GET",
  ): Promise<{ readonly status: number; readonly body: string }> => {
    const response = await fetch(server.url + path, { method });
    return { status: response.status, body: await response.text() };
  };
  return { read, registry, logger, ring, closed };
}
